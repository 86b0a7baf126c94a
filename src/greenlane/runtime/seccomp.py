"""What a sandboxed process may ask the kernel for, as a classic BPF program (Linux, Documentation/userspace-api/seccomp_filter).

A list of what is refused, because what apps need is not ours to know, with two nets under it: a number above the newest
one known here does not exist (ENOSYS), and neither does another architecture's way in. What is on the list is what
kernels were broken through: namespaces, mounts, tracing, keys, BPF, io_uring, modules, clocks.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterable

_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
"""SECCOMP_RET_ALLOW, SECCOMP_RET_KILL_PROCESS and SECCOMP_RET_ERRNO (linux/seccomp.h)."""
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
"""BPF_LD|W|ABS, BPF_JMP|JEQ|K, BPF_JMP|JGE|K, BPF_JMP|JSET|K and BPF_RET|K (linux/bpf_common.h)."""
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
"""Offsets in struct seccomp_data."""
_NEW_NAMESPACES = 0x7E020080
"""Every CLONE_NEW… flag (linux/sched.h): user, pid, net, ipc, uts, cgroup, mount, time."""
_FAMILIES = (1, 2, 10, 16)
"""AF_UNIX, AF_INET, AF_INET6 and AF_NETLINK: runtimes list their interfaces by the last."""
_TERMINAL_INPUT = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: typing into somebody's terminal."""
_NEWEST = 462
"""mseal, of Linux 6.10: the newest call known here."""

_X86 = {
    "clone": 56, "clone3": 435, "socket": 41, "ioctl": 16, "personality": 135,
}  # fmt: skip
_ARM = {
    "clone": 220, "clone3": 435, "socket": 198, "ioctl": 29, "personality": 92,
}  # fmt: skip

_REFUSED_X86 = {
    "ptrace": 101, "syslog": 103, "uselib": 134, "ustat": 136, "sysfs": 139, "modify_ldt": 154, "pivot_root": 155,
    "_sysctl": 156, "adjtimex": 159, "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166,
    "swapon": 167, "swapoff": 168, "reboot": 169, "sethostname": 170, "setdomainname": 171, "iopl": 172,
    "ioperm": 173, "create_module": 174, "init_module": 175, "delete_module": 176, "get_kernel_syms": 177,
    "query_module": 178, "quotactl": 179, "nfsservctl": 180, "lookup_dcookie": 212, "clock_settime": 227,
    "mbind": 237, "set_mempolicy": 238, "get_mempolicy": 239, "kexec_load": 246, "add_key": 248,
    "request_key": 249, "keyctl": 250, "migrate_pages": 256, "unshare": 272, "move_pages": 279, "vmsplice": 278,
    "perf_event_open": 298, "fanotify_init": 300, "name_to_handle_at": 303, "open_by_handle_at": 304,
    "clock_adjtime": 305, "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312,
    "finit_module": 313, "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323, "vhangup": 153,
}  # fmt: skip
_REFUSED_ARM = {
    "lookup_dcookie": 18, "umount2": 39, "mount": 40, "pivot_root": 41, "nfsservctl": 42, "chroot": 51, "vhangup": 58,
    "quotactl": 60, "vmsplice": 75, "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105,
    "delete_module": 106, "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142, "sethostname": 161,
    "setdomainname": 162, "settimeofday": 170, "adjtimex": 171, "add_key": 217, "request_key": 218, "keyctl": 219,
    "swapon": 224, "swapoff": 225, "mbind": 235, "get_mempolicy": 236, "set_mempolicy": 237, "migrate_pages": 238,
    "move_pages": 239, "perf_event_open": 241, "fanotify_init": 262, "name_to_handle_at": 264,
    "open_by_handle_at": 265, "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271,
    "kcmp": 272, "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
}  # fmt: skip
_REFUSED_BOTH = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
    "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438, "process_madvise": 440,
    "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447, "process_mrelease": 448,
    "set_mempolicy_home_node": 450, "statmount": 457, "listmount": 458,
}  # fmt: skip
"""From 424 on the numbers are the same on every architecture (asm-generic/unistd.h)."""

_MACHINES = {"x86_64": (0xC000003E, _X86, _REFUSED_X86), "aarch64": (0xC00000B7, _ARM, _REFUSED_ARM)}
"""AUDIT_ARCH_… (linux/audit.h), the calls whose arguments are looked at, the calls that are refused."""


def machines() -> frozenset[str]:
    """The architectures that a filter can be made for, as ``os.uname().machine`` says them."""
    return frozenset(_MACHINES)


def refused(machine: str) -> dict[str, int]:
    """The calls that are refused whatever their arguments, with their numbers."""
    return {**_MACHINES[machine][2], **_REFUSED_BOTH}


def program(machine: str = "") -> bytes:
    """The filter for a machine (this one when none is named), as struct sock_filter one after the other."""
    architecture, known, _ = _MACHINES[machine or os.uname().machine]
    return b"".join(
        [
            _load(_ARCHITECTURE),
            *_unless(_EQUAL, architecture, _KILL),
            _load(_NUMBER),
            *_if(_AT_LEAST, 0x40000000, _fails(errno.ENOSYS)),  # x32, the same calls by other numbers
            *_if(_AT_LEAST, _NEWEST + 1, _fails(errno.ENOSYS)),
            *_if(
                _EQUAL, known["clone3"], _fails(errno.ENOSYS)
            ),  # its flags cannot be seen; libraries fall back to clone
            *_each(refused(machine or os.uname().machine).values()),
            *_argument(known["clone"], 0, _if(_ANY_BIT, _NEW_NAMESPACES, _fails(errno.EPERM))),
            *_argument(known["socket"], 0, _only(_FAMILIES, _fails(errno.EAFNOSUPPORT))),
            *_argument(known["ioctl"], 1, [one for code in _TERMINAL_INPUT for one in _if(_EQUAL, code, _fails(1))]),
            *_argument(known["personality"], 0, _only((0, 0xFFFFFFFF), _fails(errno.EPERM))),
            _return(_ALLOW),
        ]
    )


def _fails(number: int) -> int:
    return _ERRNO | number


def _instruction(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def _load(offset: int) -> bytes:
    return _instruction(_LOAD, offset)


def _return(value: int) -> bytes:
    return _instruction(_RETURN, value)


def _if(test: int, value: int, outcome: int) -> list[bytes]:
    return [_instruction(test, value, 0, 1), _return(outcome)]


def _unless(test: int, value: int, outcome: int) -> list[bytes]:
    return [_instruction(test, value, 1, 0), _return(outcome)]


def _each(numbers: Iterable[int]) -> list[bytes]:
    return [one for number in sorted(numbers) for one in _if(_EQUAL, number, _fails(errno.EPERM))]


def _only(values: tuple[int, ...], outcome: int) -> list[bytes]:
    """Nothing where the loaded value is one of these, otherwise the outcome."""
    left = range(len(values), 0, -1)
    return [*(_instruction(_EQUAL, value, n) for value, n in zip(values, left, strict=True)), _return(outcome)]


def _argument(number: int, place: int, then: list[bytes]) -> list[bytes]:
    """For one call, look at the low word of an argument; load the number again afterwards for the tests that follow."""
    return [
        _instruction(_EQUAL, number, 0, len(then) + 1),
        _load(_ARGUMENTS + 8 * place),
        *then,
        _load(_NUMBER),
    ]
