"""ci/build-memcached: what is built again and what is not, what a broken build leaves, and where
sources come from; with a small source tree in the place of Debian's."""

import json

import pytest
import tool

CONFIGURE = """#!/bin/sh
for word; do
  case $word in CC=*|CFLAGS=*) printf '%s\\n' "$word" >> words;; esac
done
printf 'memcached:\\n\\t%s/compile $@\\n' "$(dirname "$0")" > Makefile
"""
COMPILE = """#!/bin/sh
echo '#!/bin/sh
echo "--enable-sasl --enable-ssl ext_path"' > $1
chmod +x $1
"""


def write_program(path, text):
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def builder(tmp_path, monkeypatch):
    """The program as a module, with a compiler, a source and a work folder of its own."""
    module = tool.program("ci/build-memcached")
    tree = tmp_path / "tree"
    tree.mkdir()
    write_program(tree / "configure", CONFIGURE)
    write_program(tree / "compile", COMPILE)
    compiler = tmp_path / "fakecc"
    write_program(compiler, "#!/bin/sh\necho fakecc 1.0\n")
    monkeypatch.setenv("CC", str(compiler))
    monkeypatch.setattr(module, "WORK", tmp_path / "work")
    monkeypatch.setattr(module, "source_tree", lambda package, version: tree)
    monkeypatch.setattr(module, "source_version", lambda package: f"{package}-1-1")
    module.tree, module.fakecc = tree, compiler
    return module


@pytest.fixture
def build(builder, monkeypatch, capsys):
    """Builds a flavour; the exit status and what was said."""

    def call(*flavours):
        monkeypatch.setattr("sys.argv", ["ci/build-memcached", *flavours])
        status = builder.main()
        said = capsys.readouterr()
        return status, said.out + said.err

    return call


def test_what_is_built_is_told_beside_it(builder, build):
    status, said = build("plain")
    assert (status, said) == (0, "memcached plain: built from memcached-1-1\n")
    folder = builder.WORK / "plain"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest == {
        "flavour": "plain", "source": "memcached-1-1", "compiler": "fakecc 1.0",
        "flags": "-O2 -g", "libevent": "libevent-dev-1-1 (shared, the installed one)",
        "options": ["--enable-sasl", "--enable-tls", "--enable-extstore"],
        "sha256": builder.sha256_of(folder / "bin/memcached"),
        "features": ["extstore", "sasl", "tls"],
    }
    assert (folder / "objects/words").read_text() == f"CC={builder.fakecc}\nCFLAGS=-O2 -g\n"
    assert not (tool.ROOT / "tree/Makefile").exists()


def test_the_same_is_not_built_again(builder, build):
    build("plain")
    assert build("plain") == (0, "memcached plain: is built already\n")


@pytest.mark.parametrize("change", ["compiler", "source", "flags", "binary", "manifest"])
def test_anything_else_is(change, builder, build, monkeypatch):
    build("plain")
    folder = builder.WORK / "plain"
    if change == "compiler":
        builder.fakecc.write_text("#!/bin/sh\necho fakecc 1.1\n")
    elif change == "source":
        monkeypatch.setattr(builder, "source_version", lambda package: f"{package}-1-2")
    elif change == "flags":
        monkeypatch.setitem(builder.FLAVOURS, "plain", "-O3 -g")
    elif change == "binary":
        (folder / "bin/memcached").write_text("another")
    else:
        (folder / "manifest.json").write_text('{"flavour": ')
    status, said = build("plain")
    assert status == 0 and "memcached plain: built from" in said
    assert build("plain") == (0, "memcached plain: is built already\n")


@pytest.mark.parametrize("compile, why", [
    ("#!/bin/sh\necho no such thing as error 17 >&2\nexit 1\n", "no such thing as error 17"),
    (COMPILE.replace("--enable-ssl ", ""), "was built without tls"),
], ids=["error", "without TLS"])
def test_a_broken_build_leaves_the_binary_that_there_was(compile, why, builder, build):
    build("plain")
    folder = builder.WORK / "plain"
    before = [(folder / name).read_text() for name in ("bin/memcached", "manifest.json")]
    builder.fakecc.write_text("#!/bin/sh\necho fakecc 2.0\n")
    write_program(builder.tree / "compile", compile)
    status, said = build("plain")
    assert status == 1 and "memcached plain: the build broke\n" in said and why in said
    assert [(folder / name).read_text() for name in ("bin/memcached", "manifest.json")] == before


def test_without_a_source_it_is_the_infrastructure_s_fault(builder, build, monkeypatch):
    def none(package, version):
        raise builder.NoSource("no archive answers")

    monkeypatch.setattr(builder, "source_tree", none)
    assert build("plain") == (3, "memcached plain: no source\nno archive answers\n")


def test_the_sanitizer_s_libevent_goes_into_the_build_for_threads(builder, build, monkeypatch):
    monkeypatch.setattr(builder, "build_libevent", lambda folder, key, compiler: ["--other"])
    assert build("tsan")[0] == 0
    manifest = json.loads((builder.WORK / "tsan/manifest.json").read_text())
    assert manifest["libevent"] == "libevent-dev-1-1 (static, with the same flags)"
    assert "-fsanitize=thread" in manifest["flags"]


def test_a_flavour_that_there_is_not_is_refused(build):
    with pytest.raises(SystemExit) as refused:
        build("plain", "msan")
    assert refused.value.code == 2


@pytest.mark.parametrize("origins, chosen", [
    (["Debian", "Other"], ["http://debian/ suite main"]),
    (["", ""], ["http://debian/ suite main", "http://other/ suite main"]),
])
def test_source_lists_are_those_of_the_machine(origins, chosen, builder, monkeypatch):
    """The origin of a list is not known before it was fetched."""
    rows = "".join(f"{origin}|http://{name}/ suite main\n" * 2
                   for origin, name in zip(origins, ["debian", "other"]))
    monkeypatch.setattr(builder, "output_of", lambda *command: rows)
    monkeypatch.setattr(builder, "KEYRING", builder.tree / "none")
    assert builder.source_lists() == "".join(f"deb-src {where}\n" for where in chosen)
    monkeypatch.setattr(builder, "KEYRING", builder.tree)
    assert f"deb-src [signed-by={builder.tree}] {chosen[0]}\n" in builder.source_lists()
