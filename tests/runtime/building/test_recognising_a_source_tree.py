"""What a tree is, read without running anything of it."""

import json
from collections.abc import Mapping

import pytest

from greenlane.govern.errors import WrongInput
from greenlane.runtime.building import python_versions
from greenlane.runtime.building.plan import Plan
from greenlane.runtime.building.source import CALLS_MODELS, Refused, recognise
from greenlane.runtime.building.tree import Tree

VITE = {"scripts": {"build": "vite build"}, "dependencies": {"react": "^19.0.0"}, "devDependencies": {"vite": "^7.0.0"}}
INDEX = '<!doctype html><script type="module" src="/src/main.tsx"></script>'


def tree(files: Mapping[str, object]) -> Tree:
    told = {path: one if isinstance(one, str) else json.dumps(one) for path, one in files.items()}
    return Tree(told, lambda path: told[path].encode())


def planned(files: Mapping[str, object]) -> Plan:
    found = recognise(tree(files))
    assert isinstance(found, Plan)
    return found


def refused(files: Mapping[str, object]) -> Refused:
    found = recognise(tree(files))
    assert isinstance(found, Refused)
    return found


def npm_lock(package: Mapping[str, object], **more: Mapping[str, object]) -> dict[str, object]:
    every = {**package.get("dependencies", {}), **package.get("devDependencies", {})}
    here = {f"node_modules/{name}": {"version": "1.0.0"} for name in every}
    return {"lockfileVersion": 3, "packages": {"": package, **here, **more}}


@pytest.mark.parametrize(
    ("package", "files", "name", "command", "publish"),
    [
        (VITE, {"index.html": INDEX, "src/main.tsx": ""}, "Vite", "npm run build", "dist"),
        (VITE, {"index.html": INDEX, "vite.config.ts": "build: { outDir: 'www' }"}, "Vite", "npm run build", "www"),
        (
            {"dependencies": {"astro": "6"}},
            {"src/pages/index.astro": ""},
            "Astro",
            "npx --no-install astro build",
            "dist",
        ),
        (
            {"devDependencies": {"@sveltejs/kit": "2", "@sveltejs/adapter-static": "3", "vite": "7"}},
            {"svelte.config.js": "import adapter from '@sveltejs/adapter-static'"},
            "SvelteKit",
            "npx --no-install vite build",
            "build",
        ),
        (
            {"dependencies": {"react-scripts": "5"}},
            {},
            "Create React App",
            "npx --no-install react-scripts build",
            "build",
        ),
        (
            {"dependencies": {"next": "15"}, "scripts": {"build": "next build"}},
            {"next.config.mjs": "export default { output: 'export' }"},
            "Next.js",
            "npm run build",
            "out",
        ),
        ({"scripts": {"build": "node make.js"}}, {"make.js": ""}, "JavaScript", "npm run build", ""),
    ],
)
def test_a_front_end_tells_its_framework_its_command_and_its_folder(package, files, name, command, publish):
    plan = planned({"package.json": package, **files})
    assert (plan.kind, plan.framework, plan.command, plan.publish) == ("site", name, command, publish)


@pytest.mark.parametrize(
    ("package", "files", "says", "instead"),
    [
        ({"dependencies": {"next": "15"}}, {}, "Next.js app renders its pages on a server", "output: 'export'"),
        ({"dependencies": {"nuxt": "4"}}, {}, "Nuxt app renders its pages on a server", "ssr: false"),
        ({"dependencies": {"@sveltejs/kit": "^2"}}, {}, "SvelteKit app renders", "adapter-static"),
        ({"dependencies": {"astro": "6"}}, {"astro.config.mjs": "output: 'server'"}, "Astro site renders", "adapter"),
        (
            {"dependencies": {"express": "5"}},
            {"server.js": "require('express')"},
            "server written with Express",
            "functions",
        ),
    ],
)
def test_what_needs_a_server_of_its_own_is_refused_in_words(package, files, says, instead):
    answer = refused({"package.json": package, **files})
    assert says in answer.says
    assert instead in answer.instead


@pytest.mark.parametrize(
    "files",
    [
        {"index.html": "<h1>Hello</h1>", "style.css": ""},
        {"index.html": "<h1>Hello</h1>", "package.json": {"name": "left-over", "scripts": {"build": "x"}}},
        {"index.html": "", "notebook.py": "print(1)"},
    ],
)
def test_finished_pages_are_no_source_tree(files):
    assert recognise(tree(files)) is None


@pytest.mark.parametrize(
    ("file", "text", "kind", "entry", "framework"),
    [
        ("main.py", "from fastapi import FastAPI\napp = FastAPI()", "asgi", "main:app", "FastAPI"),
        ("src/api.py", "import fastapi\nserver: object = fastapi.FastAPI()", "asgi", "src.api:server", "FastAPI"),
        ("app.py", "from flask import Flask as F\nsite = F(__name__)", "wsgi", "app:site", "Flask"),
        ("app.py", "import flask\ndef create_app(mode='x'):\n    return flask.Flask('a')", "wsgi", "app:create_app()", "Flask"),
        ("dash_app.py", "import dash\nboard = dash.Dash(__name__)", "dash", "dash_app:board", "Dash"),
        ("app.py", "import gradio as gr\nwith gr.Blocks() as demo:\n    pass", "gradio", "app.py", "Gradio"),
        ("streamlit_app.py", "import streamlit as st\nst.title('x')", "streamlit", "streamlit_app.py", "Streamlit"),
        ("shop/wsgi.py", "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()",
         "wsgi", "shop.wsgi:application", "Django"),
    ],
)  # fmt: skip
def test_a_python_app_tells_its_kind_and_what_answers(file, text, kind, entry, framework):
    plan = planned({file: text, "requirements.txt": "x==1"})
    assert (plan.kind, plan.app_kind, plan.entry, plan.framework) == ("python", kind, entry, framework)


def test_a_procfile_counts_before_what_is_guessed():
    files = {"Procfile": "web: gunicorn -w 2 shop.site:make()", "shop/site.py": "", "app.py": "import streamlit"}
    plan = planned({**files, "requirements.txt": "gunicorn==23"})
    assert (plan.app_kind, plan.entry) == ("wsgi", "shop.site:make()")


def test_a_python_app_whose_packages_nobody_names_is_refused_in_words():
    answer = refused({"main.py": "from fastapi import FastAPI\napp = FastAPI()"})
    assert answer.says == "main needs FastAPI, and no file names the packages to install."


@pytest.mark.parametrize(
    ("file", "text", "instead"),
    [
        ("pyproject.toml", '[tool.poetry.dependencies]\nfastapi = "^0.115"', "poetry export -o requirements.txt"),
        ("poetry.lock", "", "poetry export -o requirements.txt"),
        ("Pipfile", '[packages]\nfastapi = "*"', "pipenv requirements > requirements.txt"),
    ],
)
def test_packages_named_for_another_manager_alone_are_refused_with_the_command_that_helps(file, text, instead):
    answer = refused({"main.py": "from fastapi import FastAPI\napp = FastAPI()", file: text})
    assert "which is not used here" in answer.says
    assert instead in answer.instead


def test_a_lock_of_another_python_manager_is_said_and_a_fact():
    files = {
        "main.py": "from fastapi import FastAPI\napp = FastAPI()",
        "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["fastapi"]',
        "pdm.lock": "",
    }
    plan = planned(files)
    assert plan.facts["lock_out_of_step"]
    assert any("pdm.lock is not read here" in note for note in plan.notes)


def test_a_python_program_that_answers_nobody_is_refused_in_words():
    assert "nothing in it tells what answers visitors" in refused({"main.py": "print(1)"}).says


def test_broken_python_does_not_keep_the_right_file_from_being_found():
    files = {
        "app.py": "def broken(:",
        "main.py": "from flask import Flask\nx = Flask('')",
        "requirements.txt": "flask==3",
    }
    assert planned(files).entry == "main:x"


def test_the_project_says_itself_how_it_is_built():
    toml = """
    [build]
    base = "web"
    command = "make site"
    publish = "web/public"
    [build.environment]
    NODE_VERSION = "20"
    """
    plan = planned({"netlify.toml": toml, "web/package.json": VITE})
    assert (plan.folder, plan.command, plan.publish, plan.node) == ("web", "make site", "public", 20)


def test_a_command_may_prepare_a_python_app():
    files = {
        "greenlane.toml": "[build]\ncommand = 'python collect.py'",
        "app.py": "from flask import Flask\na = Flask('')",
    }
    plan = planned({**files, "requirements.txt": "flask==3"})
    assert (plan.kind, plan.command) == ("python", "python collect.py")


def test_the_projects_own_file_counts_before_that_of_another_platform():
    run = '[run]\nkind = "asgi"\nentry = "service:api"\n'
    plan = planned(
        {"greenlane.toml": run, "netlify.toml": "[build]\ncommand='x'", "service.py": "", "requirements.txt": "a==1"}
    )
    assert (plan.kind, plan.entry, plan.command) == ("python", "service:api", "")


@pytest.mark.parametrize(
    "text", ["[build]\nbase = '../other'", "[build]\npublish = 'a/../../b'", "not toml at all [", "[run]\nkind = 'php'"]
)
def test_a_file_that_cannot_be_followed_is_refused_before_anything_runs(text):
    with pytest.raises(WrongInput):
        recognise(tree({"greenlane.toml": text, "package.json": VITE}))


@pytest.mark.parametrize(
    ("asked", "node"),
    [("", 22), ("20", 20), ("v20.11.1", 20), (">=18", 22), ("^20 || ^22", 22), ("lts/iron", 20), ("<22", 20),
     ("18.x", 20), (">=20.0.0 <21", 20), ("18 - 20", 20), ("*", 22), ("24", 22), ("nonsense", 22)],
)  # fmt: skip
def test_the_node_that_a_project_asks_for(asked, node):
    assert planned({"package.json": VITE, "index.html": INDEX, ".nvmrc": asked}).node == node


def test_a_node_that_is_not_here_is_said():
    plan = planned({"package.json": {**VITE, "engines": {"node": "18.x"}}, "index.html": INDEX})
    assert any("asks for Node 18.x; Node 20 is used" in note for note in plan.notes)


def test_a_build_calls_models_where_its_own_file_says_so_and_people_read_it():
    files = {"package.json": VITE, "index.html": INDEX}
    asking = "[build]\nmodels = true"
    plan = planned({**files, "greenlane.toml": asking})
    assert plan.models
    assert CALLS_MODELS in plan.notes
    assert Plan.from_dict(json.loads(json.dumps(plan.as_dict()))) == plan
    for silent in ({"netlify.toml": asking}, {"greenlane.toml": "[build]\nmodels = 'yes'"}, {}):
        other = planned({**files, **silent})
        assert not other.models
        assert "models" not in other.as_dict()


def test_the_digest_of_a_plan_names_everything_that_matters():
    files = {"package.json": VITE, "index.html": INDEX}
    assert planned(files).digest == planned(dict(reversed(files.items()))).digest
    assert planned(files).digest != planned({**files, ".nvmrc": "20"}).digest


def test_a_plan_survives_being_written_down():
    toml = "[build]\nfunctions = 'fns'\n[build.environment]\nMODE = 'x'"
    plan = planned(
        {"package.json": VITE, "netlify.toml": toml, "fns/hello.ts": "export default () => new Response('x')"}
    )
    assert Plan.from_dict(json.loads(json.dumps(plan.as_dict()))) == plan


# -- functions -------------------------------------------------------------------------------------------------------------

HELLO = """
import type { Config, Context } from "@netlify/functions";
export default async (request: Request, context: Context) => new Response("hello");
export const config: Config = {
  path: ["/hello/:name", '/hi'], // where
  method: "POST",
  schedule: `*/5 * * * *`,
};
"""


def test_functions_say_their_paths_methods_and_schedules():
    plan = planned({"index.html": "<h1>x</h1>", "netlify/functions/hello.mts": HELLO})
    assert plan.app_kind == "functions"
    assert plan.functions[0].as_dict() == {
        "name": "hello",
        "file": "netlify/functions/hello.mts",
        "path": ["/hello/:name", "/hi"],
        "methods": ["POST"],
        "schedule": "*/5 * * * *",
        "background": False,
    }


@pytest.mark.parametrize(
    "config", ["{ path: join('/a', b) }", "{ ...other }", "{ path: '/a'", "{[{[{[{[{[{[", "`${x}`"]
)
def test_a_function_whose_settings_are_no_literal_answers_at_its_name(config):
    source = f"export default () => new Response('')\nexport const config = {config}"
    plan = planned({"functions/a.js": source})
    assert plan.functions[0].path == ("/.netlify/functions/a", "/functions/a")


NIGHTLY = "export default () => {}\nexport const config = { schedule: %s }"


def test_what_runs_by_itself_has_no_path_unless_it_names_one():
    plan = planned({"functions/nightly.ts": NIGHTLY % "'@Daily '"})
    assert (plan.functions[0].schedule, plan.functions[0].path) == ("@daily", ())
    plan = planned({"functions/nightly.ts": NIGHTLY % "'@daily', path: '/now'"})
    assert plan.functions[0].path == ("/now",)


@pytest.mark.parametrize("schedule", ["'at noon'", "'61 * * * *'", "5", "EVERY_DAY", "'@daily', ...more", "true"])
def test_a_schedule_that_is_none_is_refused_with_file_and_example(schedule):
    with pytest.raises(WrongInput) as refused:
        recognise(tree({"functions/nightly.ts": NIGHTLY % schedule}))
    assert "functions/nightly.ts says" in refused.value.message
    assert refused.value.next_step


def test_the_projects_own_file_may_say_when_a_function_runs():
    files = {"functions/nightly.ts": "export default () => {}"}
    plan = planned({**files, "netlify.toml": '[functions."nightly"]\nschedule = "0 2 * * *"'})
    assert plan.functions[0].schedule == "0 2 * * *"
    with pytest.raises(WrongInput, match=r"netlify\.toml says the schedule 'soon'"):
        recognise(tree({**files, "netlify.toml": '[functions.nightly]\nschedule = "soon"'}))
    with pytest.raises(WrongInput, match=r"netlify\.toml says when the function 'other' runs"):
        recognise(tree({**files, "netlify.toml": '[functions.other]\nschedule = "@daily"'}))


def test_files_beside_functions_are_no_functions():
    files = {
        "functions/lib/tools.js": "export default 1",
        "functions/types.d.ts": "export default 1",
        "functions/x.js": "let a",
    }
    assert recognise(tree({"index.html": "", **files})) is None


def test_a_function_may_leave_paths_to_others_and_let_files_go_first():
    config = "{ path: '/api/*', excludedPath: ['/api/public/*', 'api/open'], preferStatic: true }"
    one = planned({"functions/a.js": f"export default () => {{}}\nexport const config = {config}"}).functions[0]
    assert (one.excluded, one.files_first) == (("/api/public/*", "/api/open"), True)
    assert (one.as_dict()["excluded"], one.as_dict()["files_first"]) == (["/api/public/*", "/api/open"], True)
    plain = planned({"functions/a.js": "export default () => {}"}).functions[0].as_dict()
    assert not {"excluded", "files_first"} & plain.keys(), "what was decided before keeps its digest"


@pytest.mark.parametrize(
    "text",
    [
        "exports.handler = async (event) => ({ statusCode: 200 })",
        "export const handler = async () => ({ statusCode: 200 })",
        "export async function handler(event) {}",
        "const handler = () => {}\nexport { handler }",
    ],
)
def test_a_function_of_the_older_form_is_not_left_out_in_silence(text):
    plan = planned({"functions/a.js": "export default () => {}", "functions/old.js": text, "functions/x.js": "let a"})
    assert [one.name for one in plan.functions] == ["a"]
    assert plan.notes[-1] == (
        "Left out, because a `handler(event, context)` is not run here: functions/old.js. "
        "Write a default export that takes a Request."
    )


def test_settings_of_a_function_that_cannot_be_read_are_said():
    plan = planned({"functions/a.js": "export default () => {}\nexport const config = { path: PATHS.a }"})
    assert plan.notes[-1] == "The config of functions/a.js is more than plain values, so it counts as not said."


# -- the version of Python -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "too_old", "too_new"),
    [
        ("", False, False),
        (">=3.9", False, False),
        (">=3.11,<4", False, False),
        (">=3.12", True, False),
        (">= 3.13, <3.14", True, False),
        ("==3.12.*", True, False),
        ("~=3.12", True, False),
        ("~=3.10", False, False),
        ("~=3.10.2", False, True),
        ("==3.11.*", False, False),
        (">=3.8,<3.11", False, True),
        ("<3.11.4", False, False),
        ("<=3.10", False, True),
        ("==3.9.7", False, True),
        ("<4", False, False),
        ("<=3", False, False),
        ("soon", False, False),
    ],
)
def test_a_python_is_too_old_or_too_new(asked, too_old, too_new):
    here = (3, 11)
    assert (python_versions.too_old(asked, here), python_versions.too_new(asked, here)) == (too_old, too_new)


ASKS = '[project]\nname = "x"\nversion = "1"\ndependencies = ["flask>=3"]\nrequires-python = "%s"\n'


def test_a_project_that_names_its_authors_python_is_built_and_its_lock_gives_way():
    plan = planned({**FLASK, "pyproject.toml": ASKS % ">=3.99", "uv.lock": UV_LOCK})
    assert plan.notes[0].startswith("The project asks for Python >=3.99; Python 3.")
    assert plan.lock is not None
    assert (plan.lock.in_step, plan.lock.why) == (False, "uv.lock is for Python >=3.99")
    assert plan.facts["lock_out_of_step"]


def test_a_project_for_an_older_python_is_refused_in_words():
    assert "asks for Python <3.4" in refused({**FLASK, "pyproject.toml": ASKS % "<3.4"}).says


@pytest.mark.parametrize("asks", [{"pyproject.toml": ASKS % ">=3.99"}, {"requirements.txt": "flask"}])
def test_what_this_python_cannot_read_is_named(asks):
    found = refused({"app.py": "from flask import Flask\n\napp = Flask(__name__) if\n", **asks})
    assert "app.py:3" in found.says
    assert "cannot be read by Python 3." in found.says


# -- locks -----------------------------------------------------------------------------------------------------------------


def test_a_lock_in_step_is_one():
    lock = planned({"package.json": VITE, "index.html": INDEX, "package-lock.json": npm_lock(VITE)}).lock
    assert lock is not None
    assert (lock.manager, lock.in_step, lock.why) == ("npm", True, "")


def test_a_lock_out_of_step_names_what_differs_and_is_a_fact():
    changed = {**VITE, "dependencies": {"react": "^18.0.0", "zod": "^4"}}
    plan = planned({"package.json": changed, "index.html": INDEX, "package-lock.json": npm_lock(VITE)})
    assert plan.lock is not None
    assert plan.lock.why == "package.json and the lock file disagree about react, zod"
    assert plan.facts["lock_out_of_step"]
    assert any("a later build may get others" in note for note in plan.notes)


@pytest.mark.parametrize("text", ["{", "[]", '{"packages": []}', '{"packages": {"": 3}}'])
def test_a_lock_that_cannot_be_read_is_out_of_step(text):
    lock = planned({"package.json": VITE, "index.html": INDEX, "package-lock.json": text}).lock
    assert lock is not None
    assert not lock.in_step


PNPM = """lockfileVersion: '9.0'

importers:

  .:
    dependencies:
      react:
        specifier: ^19.0.0
        version: 19.0.0
    devDependencies:
      vite:
        specifier: {vite}
        version: 7.0.0

packages:
"""
YARN = '"react@^19.0.0":\n  version "19.0.0"\n\nvite@^7.0.0, vite@^7.1.0:\n  version "7.1.0"\n'
BERRY = '__metadata:\n  version: 8\n\n"react@npm:^19.0.0":\n  version: 19.0.0\n\n"vite@npm:^7.0.0":\n  version: 7.1.0\n'


@pytest.mark.parametrize(
    ("file", "text", "manager", "in_step"),
    [
        ("pnpm-lock.yaml", PNPM.replace("{vite}", "^7.0.0"), "pnpm", True),
        ("pnpm-lock.yaml", PNPM.replace("{vite}", "^6.0.0"), "pnpm", False),
        ("yarn.lock", YARN, "yarn", True),
        ("yarn.lock", BERRY, "yarn", True),
        ("yarn.lock", YARN.replace("vite", "vita"), "yarn", False),
    ],
)
def test_locks_of_other_managers_are_read(file, text, manager, in_step):
    plan = planned({"package.json": VITE, "index.html": INDEX, file: text})
    assert plan.lock is not None
    assert (plan.lock.manager, plan.lock.in_step) == (manager, in_step)
    assert plan.command == f"{manager} run build"


def test_of_two_locks_the_one_in_step_counts():
    files = {"package.json": VITE, "index.html": INDEX, "package-lock.json": npm_lock(VITE), "yarn.lock": ""}
    lock = planned(files).lock
    assert lock is not None
    assert lock.file == "package-lock.json"


def test_packages_from_git_or_an_address_are_facts_without_passwords():
    package = {**VITE, "dependencies": {"a": "git+https://user:secret@git.example/a.git", "b": "you/b#main", "c": "^1"}}
    plan = planned({"package.json": package, "index.html": INDEX})
    assert plan.facts["outside_packages"] == ("a: git+https://git.example/a.git", "b: you/b#main")


def test_packages_that_run_scripts_while_they_are_installed_are_facts():
    lock = npm_lock(VITE, **{"node_modules/esbuild": {"version": "1", "hasInstallScript": True}})
    plan = planned({"package.json": VITE, "index.html": INDEX, "package-lock.json": lock})
    assert plan.facts["install_scripts"] == ("esbuild",)


FLASK = {"app.py": "from flask import Flask\napp = Flask('')"}
PROJECT = '[project]\nname = "board"\nversion = "1"\ndependencies = ["flask>=3", "Six"]\n'
UV_LOCK = """
[[package]]
name = "board"
source = { virtual = "." }
[package.metadata]
requires-dist = [{ name = "flask", specifier = ">=3" }, { name = "six" }]
[[package]]
name = "tool"
source = { git = "https://token@git.example/tool?rev=1" }
"""


@pytest.mark.parametrize(
    ("files", "manager", "in_step", "outside"),
    [
        ({"requirements.txt": "flask==3.1 # web\n-r more.txt\n"}, "pip", True, ()),
        ({"requirements.txt": "flask\nsix==1"}, "pip", False, ()),
        ({"requirements.txt": "flask==3\n-e git+https://u:p@git.example/x.git#egg=x"}, "pip", True, ("git+https://git.example/x.git#egg=x",)),
        ({"pyproject.toml": PROJECT}, "uv", False, ()),
        ({"pyproject.toml": PROJECT, "uv.lock": UV_LOCK}, "uv", True, ("tool: https://git.example/tool?rev=1",)),
        ({"pyproject.toml": PROJECT.replace(">=3", ">=4"), "uv.lock": UV_LOCK}, "uv", False, ("tool: https://git.example/tool?rev=1",)),
    ],
)  # fmt: skip
def test_python_locks_are_read(files, manager, in_step, outside):
    lock = planned({**FLASK, **files}).lock
    assert lock is not None
    assert (lock.manager, lock.in_step, lock.outside) == (manager, in_step, outside)
