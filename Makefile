# The same commands everywhere: on a laptop, in CI, in a fresh clone.
# The system's own Python where it is new enough and can make environments: distributions build it with optimisation, which
# others on the path often lack, and that is a fifth of the time of everything. `make PYTHON=...` takes another.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; assert sys.version_info >= (3, 11)' 2>/dev/null \
	&& echo /usr/bin/python3 || echo python3)

.PHONY: setup test check up docs bench lock

setup: .venv/.ready  ## make .venv and install exactly what the lock names

.venv/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv .venv
	.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv>=0.9"
	.venv/bin/uv pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock
	.venv/bin/uv pip install --quiet --python .venv/bin/python --no-deps --editable .
	.venv/bin/python -m compileall -q src
	touch $@

test: setup  ## every law and every test, on SQLite and PostgreSQL
	$(MAKE) --no-print-directory check
	.venv/bin/python -m tests.whole

check: setup  ## the laws alone: style, types, floors; then the reading list, which fails nobody
	.venv/bin/ruff check src tests benchmarks
	.venv/bin/ruff format --check src tests benchmarks
	.venv/bin/mypy
	.venv/bin/lint-imports --no-cache
	.venv/bin/python tests/laws/reading_list.py

up: setup  ## run Greenlane here: http://localhost:4180
	.venv/bin/greenlane up --data .greenlane

docs: setup  ## make the generated references again, and the pictures of pages that changed
	.venv/bin/python -m greenlane docs
	.venv/bin/python -m tests.stories.screenshots

bench: setup  ## ratios measured side by side in one run
	.venv/bin/python -m benchmarks

lock:  ## resolve the lock anew; releases younger than a week are left alone
	.venv/bin/uv pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header --quiet -o requirements.lock
