"""Which outside hosts pages call, and for what."""

import pytest

from greenlane.deploys.inspection import reach

PAGES = {
    '<script src="https://cdn.a.io/x.js"></script>': {"script": {"cdn.a.io"}},
    '<script src="//cdn.a.io/x.js"></script>': {"script": {"cdn.a.io"}},
    '<script src="HTTPS:\\\\CDN.a.io\\x.js"></script>': {"script": {"cdn.a.io"}},
    '<link rel="stylesheet" href="https://a.io/x.css">': {"style": {"a.io"}},
    '<link rel="preload" as="font" href="https://a.io/x">': {"font": {"a.io"}},
    '<link rel="modulepreload" href="https://a.io/x">': {"script": {"a.io"}},
    '<link rel="preconnect" href="https://a.io">': {"connect": {"a.io"}},
    '<link rel="icon" href="https://a.io/i.png">': {"img": {"a.io"}},
    '<link rel="canonical" href="https://a.io/">': {},
    '<img src="https://a.io:8443/i.png">': {"img": {"a.io:8443"}},
    '<img srcset="https://a.io/1.png 1x, https://b.io/2.png 2x">': {"img": {"a.io", "b.io"}},
    '<picture><source srcset="https://a.io/1.webp"></picture>': {"img": {"a.io"}},
    '<video src="https://a.io/v" poster="https://b.io/p"></video>': {"media": {"a.io"}, "img": {"b.io"}},
    '<iframe src="https://a.io"></iframe>': {"frame": {"a.io"}},
    "<iframe srcdoc=\"<img src='https://a.io/i'>\"></iframe>": {"img": {"a.io"}},
    '<form action="https://a.io/post"></form>': {"form": {"a.io"}},
    '<button formaction="https://a.io/post">': {"form": {"a.io"}},
    '<meta http-equiv="refresh" content="0; url=https://a.io/">': {"frame": {"a.io"}},
    '<base href="https://a.io/"><img src="i.png">': {"img": {"a.io"}, "connect": {"a.io"}},
    '<style>@import "https://a.io/x.css"; b{background:url(//b.io/i.png)}</style>': {
        "style": {"a.io"},
        "img": {"b.io"},
    },
    "<p style=\"background:url('https://a.io/i')\">": {"img": {"a.io"}},
    "<script>fetch('https://a.io/x')</script>": {"connect": {"a.io"}},
    "<img src=x onerror=\"fetch('https://a.io/x')\">": {"connect": {"a.io"}},
    '<svg><image href="https://a.io/i"/></svg>': {"img": {"a.io"}},
    '<a href="https://a.io">plain link</a>': {},
    '<a ping="https://a.io" href="/">': {"connect": {"a.io"}},
    '<!-- <img src="https://a.io/i.png"> -->': {},
    '<html xmlns="http://www.w3.org/1999/xhtml">': {},
    '<script type="application/ld+json">{"@context":"https://schema.org","logo":"https://a.io/l"}</script>': {},
    '<img src="data:image/png;base64,AAAA"><img src="/i.png"><img src="i.png">': {},
    '<img src="https://bücher.de/i.png">': {"img": {"xn--bcher-kva.de"}},
    '<img src="http://[::1/i">': {},
    '<img src="https:/a.io/i.png">': {"img": {"a.io"}},
    '<img src="///a.io/i.png">': {"img": {"a.io"}},
    '<img src="/&#47;a.io/i.png">': {"img": {"a.io"}},
    '<img src="/&sol;a.io/i.png">': {"img": {"a.io"}},
    '<img src="h\tttps:/\n/a.io/i.png">': {"img": {"a.io"}},
    "<script>": {},
}

SCRIPTS = {
    "fetch('https://api.a.io/v1')": {"connect": {"api.a.io"}},
    'const API="https://api.a.io"': {"connect": {"api.a.io"}},
    "new WebSocket(`wss://a.io/s`)": {"connect": {"a.io"}},
    "new EventSource('//a.io/e')": {"connect": {"a.io"}},
    "import('https://esm.sh/react')": {"script": {"esm.sh"}},
    "import x from 'https://a.io/x.js'": {"script": {"a.io"}},
    "importScripts('https://a.io/w.js')": {"script": {"a.io"}},
    "img.src = 'https://a.io/i'": {"img": {"a.io"}},
    "s.src = 'https://a.io/s.js'": {"script": {"a.io"}},
    "xhr.open('POST', 'https://a.io/x')": {"connect": {"a.io"}},
    "fetch(`https://${region}.a.io/x`)": {"connect": {"*.a.io"}},
    "fetch(`https://${host}/x`)": {},
    'x="https:\\/\\/a.io\\/y"': {"connect": {"a.io"}},
    "// see 'https://a.io'\n/* or \"https://b.io\" */": {},
    "createElementNS('http://www.w3.org/2000/svg','svg')": {},
    'throw Error("See https://react.dev/errors/1")': {},
    'x("https://react.dev/errors/"+e)': {},
    'fetch("https://github.com/x")': {"connect": {"github.com"}},
    "a.href = 'https://a.io'": {},
    "window.open('https://a.io')": {},
    "const base = 'http://localhost:3000', b = 'http://127.0.0.1', c = 'https://x.test'": {},
    "'https://a'": {},
}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_calls_what_a_browser_would_fetch(page):
    assert {name: hosts for name, hosts in reach.of_page(page).items() if hosts} == PAGES[page]


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_calls_the_addresses_in_its_strings(script):
    assert {name: hosts for name, hosts in reach.of_script(script).items() if hosts} == SCRIPTS[script]


def test_a_style_sheet_calls_fonts_pictures_and_other_sheets():
    sheet = """
        @import url("https://fonts.googleapis.com/css2?family=Inter");
        @font-face { src: url(https://fonts.gstatic.com/s/inter.woff2) }
        body { background: url('https://a.io/i.png') } /* url(https://comment.io/i.png) */
    """
    assert reach.of_style(sheet) == {"style": {"fonts.googleapis.com"}, "font": {"fonts.gstatic.com"}, "img": {"a.io"}}
