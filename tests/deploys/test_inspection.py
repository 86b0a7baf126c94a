"""From files to facts: kinds, code, packages, the bill of materials, source trees, and the cache."""

import json
import time

import orjson
import pytest
from cyclonedx.model.bom import Bom

from greenlane.deploys.bundle import check_paths
from greenlane.deploys.inspection import FileFacts, combine, inspect, inspect_file
from greenlane.deploys.inspection.bill_of_materials import bill_of_materials
from greenlane.deploys.inspection.packages import packages_in
from greenlane.deploys.inspection.sources import source_tree
from greenlane.govern.facts import Facts
from greenlane.kit.blobs import Blobs

LOCKS = {
    "package-lock.json v3": (
        "package-lock.json",
        (
            '{"lockfileVersion":3,"packages":{"":{"name":"site"},"node_modules/react":{"version":"18.2.0"},'
            '"node_modules/a/node_modules/@babel/core":{"version":"7.1.0"},"node_modules/own":{"link":true},"own":{"version":"1.0.0"}}}'
        ),
        [("npm", "@babel/core", "7.1.0"), ("npm", "react", "18.2.0")],
    ),
    "package-lock.json v1": (
        "package-lock.json",
        '{"lockfileVersion":1,"dependencies":{"react":{"version":"18.2.0","dependencies":{"b":{"version":"2.0.0"}}}}}',
        [("npm", "b", "2.0.0"), ("npm", "react", "18.2.0")],
    ),
    "pnpm v9": (
        "pnpm-lock.yaml",
        (
            "lockfileVersion: '9.0'\n\npackages:\n\n  '@babel/core@7.1.0':\n    resolution: {integrity: x}\n\n  react@18.2.0:\n    x: y\n\n"
            "snapshots:\n\n  other@1.0.0:\n"
        ),
        [("npm", "@babel/core", "7.1.0"), ("npm", "react", "18.2.0")],
    ),
    "pnpm v6": (
        "pnpm-lock.yaml",
        "packages:\n\n  /@babel/core@7.1.0:\n    a: b\n\n  /use@1.2.0(react@18.2.0):\n    a: b\n",
        [("npm", "@babel/core", "7.1.0"), ("npm", "use", "1.2.0")],
    ),
    "pnpm v5": (
        "pnpm-lock.yaml",
        "packages:\n\n  /react/18.2.0:\n    a: b\n\n  /@babel/core/7.1.0_x@1.0.0:\n    a: b\n",
        [("npm", "@babel/core", "7.1.0"), ("npm", "react", "18.2.0")],
    ),
    "yarn classic": (
        "yarn.lock",
        '# yarn lockfile v1\n\n"@babel/core@^7.0.0", "@babel/core@^7.1.0":\n  version "7.1.0"\n  resolved "x"\n\nreact@^18:\n  version "18.2.0"\n',
        [("npm", "@babel/core", "7.1.0"), ("npm", "react", "18.2.0")],
    ),
    "yarn berry": (
        "yarn.lock",
        (
            '__metadata:\n  version: 8\n\n"react@npm:^18":\n  version: 18.2.0\n  resolution: "react@npm:18.2.0"\n\n"site@workspace:.":\n'
            "  version: 0.0.0-use.local\n"
        ),
        [("npm", "react", "18.2.0")],
    ),
    "bun": (
        "bun.lock",
        '{\n  "packages": {\n    "react": ["react@18.2.0", "", {}, "sha512-x"],\n    "c": ["@babel/core@7.1.0", ""],\n  }\n}',
        [("npm", "@babel/core", "7.1.0"), ("npm", "react", "18.2.0")],
    ),
    "requirements": (
        "requirements.txt",
        "# comment\n-r other.txt\nFlask==3.0.0 ; python_version > '3'\nzope.interface>=5\nuvicorn[standard] == 0.30\nhttps://x/y.whl\n",
        [("pypi", "flask", "3.0.0"), ("pypi", "uvicorn", "0.30"), ("pypi", "zope-interface", "")],
    ),
    "uv": (
        "uv.lock",
        (
            'version = 1\n[[package]]\nname = "httpx"\nversion = "0.28"\nsource = {registry = "x"}\n[[package]]\nname = "me"\n'
            'version = "1"\nsource = {virtual = "."}\n'
        ),
        [("pypi", "httpx", "0.28")],
    ),
    "poetry": ("poetry.lock", '[[package]]\nname = "httpx"\nversion = "0.28"\n', [("pypi", "httpx", "0.28")]),
    "pipfile": ("Pipfile.lock", '{"default":{"httpx":{"version":"==0.28"}},"develop":{}}', [("pypi", "httpx", "0.28")]),
    "gemfile": (
        "Gemfile.lock",
        "GEM\n  specs:\n    jekyll (4.3.2)\n      colorator (~> 1)\n",
        [("gem", "jekyll", "4.3.2")],
    ),
    "broken": ("package-lock.json", "{", []),
    "not a mapping": ("package-lock.json", "[]", []),
    "no lock file": ("index.json", "{}", []),
}


@pytest.mark.parametrize("case", LOCKS)
def test_the_packages_of_a_lock_file_are_named(case):
    name, text, packages = LOCKS[case]
    assert list(packages_in(f"sub/{name}", text)) == packages


def test_the_bill_of_materials_is_the_same_bytes_every_time_and_reads_as_cyclonedx():
    packages = [("npm", "@babel/core", "7.1.0"), ("pypi", "flask", "3.0.0"), ("pypi", "zope-interface", "")]
    sbom = bill_of_materials(packages)
    assert sbom == bill_of_materials(reversed(packages))
    document = json.loads(sbom)
    assert (document["bomFormat"], document["specVersion"]) == ("CycloneDX", "1.6")
    assert not {"serialNumber", "timestamp"} & (document.keys() | document.get("metadata", {}).keys())
    read = Bom.from_json(document)
    assert sorted(str(one.purl) for one in read.components) == [
        "pkg:npm/%40babel/core@7.1.0", "pkg:pypi/flask@3.0.0", "pkg:pypi/zope-interface"
    ]  # fmt: skip


def test_a_bundle_without_packages_has_a_bill_of_materials_too():
    assert json.loads(bill_of_materials([]))["bomFormat"] == "CycloneDX"


PACKAGE = '{"scripts":{"build":"vite build"}}'


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"index.html": "<p>"}, ""),
        ({"a.html": "<p>"}, ""),
        ({"index.html": "<p>", "package.json": PACKAGE, "vite.config.ts": ""}, ""),
        (
            {
                "index.html": '<script src="/src/main.ts">',
                "src/main.ts": "",
                "package.json": PACKAGE,
                "vite.config.ts": "",
            },
            "This looks like a Vite project that has not been built: run `npm run build` and deploy `dist`.",
        ),
        (
            {"package.json": PACKAGE, "next.config.js": "", "pnpm-lock.yaml": ""},
            "This looks like a Next.js project that has not been built: run `pnpm run build` and deploy `out`.",
        ),
        (
            {"package.json": '{"scripts":{"build":"x"},"dependencies":{"react-scripts":"5"}}', "yarn.lock": ""},
            "This looks like a React project that has not been built: run `yarn run build` and deploy `build`.",
        ),
        (
            {"package.json": PACKAGE, "astro.config.mjs": ""},
            "This looks like an Astro project that has not been built: run `npm run build` and deploy `dist`.",
        ),
        (
            {"package.json": PACKAGE, "dist/index.html": "<p>", "src/a.ts": ""},
            "The pages are in the folder `dist`: deploy `dist` instead of the folder around it.",
        ),
        (
            {"README.md": "", "public/index.html": "<p>"},
            "The pages are in the folder `public`: deploy `public` instead of the folder around it.",
        ),
        (
            {"app.py": "import streamlit as st"},
            "This looks like a Streamlit app, which needs a server: only finished pages can be deployed so far.",
        ),
        (
            {"main.py": "from fastapi import FastAPI", "requirements.txt": "fastapi==1"},
            "This looks like a FastAPI app, which needs a server: only finished pages can be deployed so far.",
        ),
        (
            {"_config.yml": ""},
            "This looks like the source of a Jekyll site: run `jekyll build` and deploy `_site`.",
        ),
        (
            {"index.php": "<?php"},
            "This looks like the source of a program, which needs a server: only finished pages can be deployed so far.",
        ),
        ({"package.json": "[]", "a.txt": ""}, ""),
        ({"package.json": "{", "a.txt": ""}, ""),
    ],
)
def test_a_source_tree_is_recognised_in_one_sentence(files, sentence):
    assert source_tree(files, lambda path: files[path].encode()) == sentence


@pytest.mark.parametrize(
    ("path", "data", "executable"),
    [
        ("index.html", b"<p>", False),
        ("a.js", b"x", False),
        ("netlify/functions/hello.mjs", b"x", True),
        ("api/hello.ts", b"x", True),
        ("api/openapi.json", b"{}", False),
        ("app.py", b"x", True),
        ("Dockerfile", b"x", True),
        ("server.js", b"x", True),
        ("package.json", b'{"scripts":{"start":"node ."}}', True),
        ("package.json", b'{"scripts":{"build":"x"}}', False),
        ("package.json", b"[]", False),
    ],
)
def test_code_that_would_run_on_a_server_is_told_from_pages(path, data, executable):
    assert combine([(path, inspect_file(path, data))]).facts["executable"] is executable


def test_every_fact_is_one_that_the_sheet_knows():
    inspection = combine([("index.html", inspect_file("index.html", b"<img src='https://a.io/i.png'>"))])
    sheet = Facts.from_dict(dict(inspection.facts)).as_dict()
    assert sheet | {name: list(v) if isinstance(v, tuple) else v for name, v in inspection.facts.items()} == sheet
    assert inspection.facts["outside_hosts"] == ("a.io",)
    assert inspection.reach == {"img": ("a.io",)}


def test_facts_of_a_file_survive_being_kept_as_json():
    page = "<script src='https://a.io/x.js'></script><td>x@corp.io</td>" + "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    facts = inspect_file("index.html", page.encode())
    assert facts.findings
    assert FileFacts.from_dict(orjson.loads(orjson.dumps(facts.as_dict()))) == facts


class Remembering(dict):
    def put(self, key, facts):
        self[key] = orjson.loads(orjson.dumps(facts))


@pytest.fixture
def stored(tmp_path):
    blobs = Blobs(tmp_path / "blobs")

    def store(files):
        sent = {path: {"sha256": blobs.put(data), "size": len(data)} for path, data in files.items()}
        return check_paths(sent), blobs

    return store


def test_a_kept_answer_is_the_same_answer_and_the_file_is_not_read_again(stored):
    bundle, blobs = stored({"index.html": b"<img src='https://a.io/i.png'>", "a.csv": b"x"})
    cache = Remembering()
    first = inspect(bundle, blobs, cache=cache)

    class Unread:
        def get(self, digest):
            raise AssertionError(f"{digest} was read again")

    without_index = combine(
        [(path, FileFacts.from_dict(kept)) for path, kept in zip(bundle.files, cache.values(), strict=True)]
    )
    assert without_index.facts == first.facts
    assert inspect(bundle, blobs, cache=cache) == first
    pages = check_paths({"a.html": {"sha256": bundle.files["index.html"].sha256, "size": 30}})
    with pytest.raises(AssertionError, match="was read again"):
        inspect(pages, Unread(), cache=cache)


def test_a_value_of_the_platform_is_found_although_the_file_was_inspected_before(stored):
    bundle, blobs = stored({"index.html": b"<p>one\ntwo correct horse</p>"})
    cache = Remembering()
    inspect(bundle, blobs, cache=cache)
    found = inspect(bundle, blobs, known={"DB_PASSWORD": "correct horse"}, cache=cache)
    assert found.facts["leaked_credentials"] == ("Value of the secret DB_PASSWORD",)
    assert [(one["file"], one["line"]) for one in found.findings] == [("index.html", 2)]


def test_leaks_come_first_and_name_their_file():
    key = "ghp_" + "a1B2c3D4e5" * 3 + "f6G7h8"
    files = {"a.js": b"posthog.init('phc_" + b"aB3" * 14 + b"')", "b.js": f"k='{key}'".encode()}
    found = combine([(path, inspect_file(path, data)) for path, data in files.items()]).findings
    assert [(one["file"], one["weight"]) for one in found] == [("b.js", "leaked"), ("a.js", "public")]


def test_a_thousand_small_files_are_inspected_in_seconds():
    page = b"<!doctype html><link rel=stylesheet href=/a.css><main>" + b"<p>Some words of a page.</p>" * 100
    inspect_file("warm.html", page)
    start = time.process_time()
    combine([(f"{number}.html", inspect_file(f"{number}.html", page + str(number).encode())) for number in range(1000)])
    assert time.process_time() - start < 3.0  # measured: under 1; the bound leaves room for a loaded machine


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"\0" * 100, b"<" * 5000, b"{" * 5000, b"<!--" * 3000, b"'https://" * 2000, b"@" * 9000]
)
@pytest.mark.parametrize(
    "name", ["a.html", "a.css", "a.js", "a.json", "a.svg", "package.json", "yarn.lock", "pnpm-lock.yaml", "a.xlsx"]
)
def test_nonsense_is_inspected_without_an_error_and_quickly(name, data):
    start = time.process_time()
    facts = inspect_file(name, data)
    assert facts.size == len(data)
    assert time.process_time() - start < 2.0
