"""The registry: two people put a Release into use, two take it back, and nobody rewrites who did."""

from __future__ import annotations

import shutil
from datetime import timedelta

import pytest

from primum.errors import InputError, OutputError, ReleaseError, SignatureError
from primum.ethics.release import ReleaseRegistry, build_release, verify_release
from primum.ethics.signing import TrustList, load_key
from primum.ethics.signing.keys import public_of
from primum.ethics.signing.trust import Person


@pytest.fixture(params=["folder", "memory"])
def registry(request, tmp_path):
    """A registry in a folder, or behind another fsspec address."""
    if request.param == "folder":
        yield ReleaseRegistry(str(tmp_path / "registry"))
        return
    import fsspec

    yield ReleaseRegistry("memory://registry")
    fsspec.filesystem("memory").store.clear()
    fsspec.filesystem("memory").pseudo_dirs[:] = [""]


@pytest.fixture
def keys(people):
    return {name: load_key(path) for name, path in people.items()}


@pytest.fixture(scope="module")
def second(overseen_run, tmp_path_factory, sign, key):
    """Another Release of the same study."""
    folder = tmp_path_factory.mktemp("second")
    run = shutil.copytree(overseen_run, folder / "run")
    (run / "card.md").write_text("Another card.", encoding="utf-8")
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    return build_release(run, folder / "release", key=key).path


def _both(registry, sha256, keys, *names):
    return [registry.promote(sha256, channel="production", key=keys[name]).effective for name in names]


def test_two_people_put_it_into_use(registry, built, keys):
    sha256 = registry.add(built)
    first = registry.promote(sha256, channel="production", key=keys["Ada"])
    assert (first.effective, first.missing) == (False, 1)
    assert registry.current("production") is None
    with pytest.raises(SignatureError, match="Ada has asked for this already"):
        registry.promote(sha256, channel="production", key=keys["Ada"])
    assert registry.promote(sha256, channel="production", key=keys["Bo"]).effective
    assert registry.current("production") == sha256
    assert registry.current("research") is None
    with pytest.raises(ReleaseError, match="uses Release .* already"):
        registry.promote(sha256, channel="production", key=keys["Cy"])


def test_a_roll_back_leads_to_what_was_in_use_before(registry, built, second, keys):
    one, other = registry.add(built), registry.add(second)
    assert _both(registry, one, keys, "Ada", "Bo") == [False, True]
    with pytest.raises(ReleaseError, match="nothing to roll back to"):
        registry.roll_back(channel="production", key=keys["Ada"])
    assert _both(registry, other, keys, "Ada", "Cy") == [False, True]
    assert not registry.roll_back(channel="production", key=keys["Bo"]).effective
    assert registry.current("production") == other
    assert registry.roll_back(channel="production", key=keys["Ada"]).effective
    assert registry.current("production") == one
    said = [(event.action, event.name) for event in registry.history()]
    assert said == [("promote", n) for n in ("Ada", "Bo", "Ada", "Cy")] + [("roll_back", n) for n in ("Bo", "Ada")]


def test_a_proposal_of_something_else_begins_anew(registry, built, second, keys):
    one, other = registry.add(built), registry.add(second)
    assert _both(registry, one, keys, "Ada") + _both(registry, other, keys, "Bo") == [False, False]
    assert _both(registry, one, keys, "Bo") == [False]
    assert _both(registry, one, keys, "Cy") == [True]


def test_one_person_is_enough_where_the_policy_says_so(registry, run, tmp_path, key, sign, judged_by, keys):
    judged_by(run, "people: 2", "people: 1")
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    sha256 = registry.add(build_release(run, tmp_path / "out", key=key).path)
    assert _both(registry, sha256, keys, "Ada") == [True]


def test_what_comes_back_is_what_was_put_in(registry, built, tmp_path):
    sha256 = registry.add(built)
    assert registry.add(built) == sha256
    fetched = registry.fetch(sha256, tmp_path / "use")
    assert verify_release(fetched).ok
    kept = {path.relative_to(built): path.read_bytes() for path in built.rglob("*") if path.is_file()}
    assert kept == {path.relative_to(fetched): path.read_bytes() for path in fetched.rglob("*") if path.is_file()}
    with pytest.raises(OutputError, match="the place is taken"):
        registry.fetch(sha256, tmp_path / "use")


def test_an_altered_release_is_neither_kept_nor_used(release, tmp_path, keys):
    registry = ReleaseRegistry(str(tmp_path / "registry"))
    card = (release / "card.md").read_bytes()
    (release / "card.md").write_bytes(card + b" ")
    with pytest.raises(ReleaseError, match=r"must not be used \(altered\)"):
        registry.add(release)
    (release / "card.md").write_bytes(card)
    sha256 = registry.add(release)
    (tmp_path / "registry" / "releases" / sha256 / "card.md").write_bytes(card + b" ")
    with pytest.raises(ReleaseError, match=r"must not be used \(altered\)"):
        registry.promote(sha256, channel="production", key=keys["Ada"])
    with pytest.raises(ReleaseError, match=r"must not be used \(altered\)"):
        registry.fetch(sha256, tmp_path / "use")
    assert registry.history() == [] and not (tmp_path / "use").exists()


def test_a_policy_made_laxer_in_the_registry_is_found_out(built, tmp_path, keys):
    registry = ReleaseRegistry(str(tmp_path / "registry"))
    sha256 = registry.add(built)
    registry.promote(sha256, channel="production", key=keys["Ada"])
    policy = tmp_path / "registry" / "releases" / sha256 / "policy.yaml"
    policy.write_text(policy.read_text(encoding="utf-8").replace("people: 2", "people: 1"), encoding="utf-8")
    with pytest.raises(ReleaseError, match="was altered"):
        ReleaseRegistry(str(tmp_path / "registry")).current("production")


@pytest.mark.parametrize("edit", ["byte", "gone", "swap", "copy"])
def test_a_changed_history_is_found_out(built, second, tmp_path, keys, edit):
    registry = ReleaseRegistry(str(tmp_path / "registry"))
    one, other = registry.add(built), registry.add(second)
    _both(registry, one, keys, "Ada", "Bo")
    _both(registry, other, keys, "Ada", "Cy")
    events = sorted((tmp_path / "registry" / "events").iterdir())
    assert len(events) == 4
    if edit == "byte":
        events[1].write_bytes(events[1].read_bytes().replace(b'"Bo"', b'"Cy"'))
    elif edit == "gone":
        events[1].unlink()
    elif edit == "swap":
        first, then = events[1].read_bytes(), events[2].read_bytes()
        events[1].write_bytes(then)
        events[2].write_bytes(first)
    else:
        shutil.copy(events[3], events[3].with_name("00000005.json"))
    with pytest.raises(ReleaseError, match=r"event \d is missing, or was changed"):
        registry.current("production")


def test_a_deployer_has_to_be_trusted(built, tmp_path, people, keys):
    registry = ReleaseRegistry(str(tmp_path / "registry"))
    roles = {"Ada": {"clinical_lead", "deployer"}, "Bo": {"ethics_board"}, "Releases": {"release"}}
    listed = {}
    for name, given in roles.items():
        public = public_of(people[name])[1]
        listed[public] = Person(name=name, key=public, roles=frozenset(given))
    trust = TrustList(people=listed, source="trust.yaml")
    sha256 = registry.add(built, trust=trust)
    assert not registry.promote(sha256, channel="production", key=keys["Ada"], trust=trust).effective
    with pytest.raises(SignatureError, match="not trusted in the role deployer"):
        registry.promote(sha256, channel="production", key=keys["Bo"], trust=trust)


def test_an_expired_release_is_not_put_into_use(built, tmp_path, keys, monkeypatch, now):
    registry = ReleaseRegistry(str(tmp_path / "registry"))
    sha256 = registry.add(built)
    from primum.ethics.release import registry as module

    late = now + timedelta(days=400)
    monkeypatch.setattr(module, "verify_release", lambda folder, trust=None: verify_release(folder, now=late))
    with pytest.raises(ReleaseError, match=r"must not be used \(expired\)"):
        registry.promote(sha256, channel="production", key=keys["Ada"])


def test_what_is_asked_wrongly_is_said_so(tmp_path, keys):
    registry = ReleaseRegistry(str(tmp_path / "registry"))
    with pytest.raises(InputError, match="there is no Release"):
        registry.promote("ab" * 32, channel="production", key=keys["Ada"])
    with pytest.raises(ReleaseError, match="--channel"):
        registry.promote("ab" * 32, channel="Production Line", key=keys["Ada"])
    with pytest.raises(ReleaseError, match="no address that can be opened"):
        ReleaseRegistry("nosuchscheme://x")
