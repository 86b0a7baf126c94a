"""Take a picture of one page inside a sandbox: `picture.py BROWSER HOST WIDTH HEIGHT SCALE SECONDS`.

The network here is empty. What the page asks of its own host is led over one socket to the edge, with the token that opens
this one preview; whatever it asks of another host leads nowhere. The browser is started without the token, and the page
never sees it.
"""

from __future__ import annotations

import asyncio
import os
import sys

EDGE = "/run/edge.sock"
PORT = 8080
PICTURE = "/run/app/picture.png"
CHUNK = 65536
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # a sandbox within the sandbox needs powers that are not given here
    "--disable-gpu",
    "--disable-quic",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-extensions",
    "--disable-features=Translate,OptimizationHints,MediaRouter,DialMediaRouteProvider,WebRtcHideLocalIpsWithMdns",
    "--disable-sync",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--mute-audio",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-zygote",
    "--password-store=basic",
    "--use-mock-keychain",
    "--user-data-dir=/tmp/browser",
)


async def main(browser: str, host: str, width: str, height: str, scale: str, seconds: str) -> int:
    """Lead connections to the edge while the browser takes the picture. Returns the browser's exit status."""
    token = os.environ.pop("PICTURE_TOKEN").encode()
    own = host.encode()
    server = await asyncio.start_server(lambda r, w: lead(r, w, own, token), "127.0.0.1", PORT)
    async with server:
        process = await asyncio.create_subprocess_exec(
            browser,
            *FLAGS,
            f"--window-size={width},{height}",
            f"--force-device-scale-factor={scale}",
            f"--host-resolver-rules=MAP * 127.0.0.1:{PORT}",
            f"--unsafely-treat-insecure-origin-as-secure=http://{host}",
            f"--timeout={float(seconds) * 1000:.0f}",
            f"--screenshot={PICTURE}",
            f"http://{host}/",
        )
        return await process.wait()


async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: bytes, token: bytes) -> None:
    """One request and its answer, with the token; a connection that changes to another protocol goes on as bytes."""
    try:
        head = with_token(await reader.readuntil(b"\r\n\r\n"), host, token)
        if not head:
            writer.close()
            return
        other_reader, other_writer = await asyncio.open_unix_connection(EDGE)
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        writer.close()
        return
    try:
        other_writer.write(head)
        await asyncio.gather(pump(reader, other_writer), pump(other_reader, writer))
    finally:
        writer.close()
        other_writer.close()


def with_token(head: bytes, host: bytes, token: bytes) -> bytes:
    """A request's head with our token in place of any, asking for one answer alone; empty for another host."""
    first, *fields = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    names = [(field.partition(b":")[0].strip().lower(), field) for field in fields]
    if [field.partition(b":")[2].strip().lower() for name, field in names if name == b"host"] != [host.lower()]:
        return b""
    changes = any(name == b"upgrade" for name, _ in names)
    kept = [
        field
        for name, field in names
        if name != b"greenlane-preview" and (changes or name not in (b"connection", b"proxy-connection", b"keep-alive"))
    ]
    ours = [b"Greenlane-Preview: " + token, *(() if changes else (b"Connection: close",))]
    return b"\r\n".join([first, *kept, *ours, b"", b""])


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Bytes from one end to the other, as fast as they are taken."""
    try:
        while chunk := await reader.read(CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except OSError:
        return


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
