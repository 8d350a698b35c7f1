"""A search for better hyper-parameters: trials judged on the validation split, kept in a database, resumable.

A trial trains the study with other values and is judged by its loss on validation; the split test is never read.
Several processes that name the same study and storage share one search. The same command goes on where a search
stopped: what counts is how many trials have finished, and a trial that was killed has not.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from primum.errors import StudyError, TrainingFailedError
from primum.extras import require
from primum.files import write_json, write_text
from primum.progress import Progress, Silent
from primum.study.loading import validate
from primum.study.search_page import render_search_page
from primum.study.search_space import Choices, Space, with_values
from primum.study.search_storage import is_gone, opened_storage, process_name
from primum.study.spec import StudySpec
from primum.study.study import Study

Report = Callable[[int, float], bool]
"""Told (epoch, validation loss) after every epoch; answers True when the trial should stop."""
Evaluate = Callable[[Mapping[str, Any], Report], float]
"""Trains with these values by dotted key; returns the loss on validation (lower is better)."""

METRIC = "validation_loss"
STARTUP_TRIALS = 5
"""Trials drawn at random before the sampler learns from them, and finished ones before any is pruned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search found."""

    path: Path
    """Folder with study.yaml, search.json and search.html."""
    n_trials: int
    """Trials finished, pruned ones included."""
    metric: str
    """Name of the figure, lower is better."""
    best_value: float
    """The best trial's figure."""
    best_values: Mapping[str, Any]
    """The best trial's values by dotted key."""


def search_study(
    study: Study,
    *,
    trials: int,
    out: Path | None = None,
    storage: str | None = None,
    progress: Progress | None = None,
    lang: str = "en",
    evaluate: Evaluate | None = None,
) -> SearchResult:
    """Search until `trials` trials have finished in all, and write the best study.

    Args:
        study: a loaded study that names at least one space.
        trials: finished trials in all, those of earlier calls and of other processes included; processes that share
            a search may end up to one trial each beyond it.
        out: folder for study.yaml, search.json, search.html and search.db; left out: searches/<name of the study>.
        storage: SQLAlchemy URL of the shared search; left out: search.db in `out`.
        progress: is told of every trial.
        lang: language of search.html, en or zh.
        evaluate: what a trial does; left out: trains the study's model and never shows it the split test.
    Raises:
        StudyError: the study names no space, a value within a space is not allowed, or the storage cannot be opened.
        TrainingFailedError: not one trial finished.
    """
    progress = progress or Silent()
    _check_spaces(study)
    folder = Path(out) if out is not None else Path("searches") / study.spec.study
    evaluate = evaluate or _training(study)
    with _quiet_optuna(), opened_storage(storage, folder=folder) as place:
        kept = _open(study, place)
        _forget_killed(kept)
        progress.step("search", study.spec.study)
        _run_trials(kept, study, evaluate=evaluate, trials=trials, progress=progress)
        summary = _summary(kept, study)
    if summary["best"] is None:
        raise TrainingFailedError(
            f"search: none of {len(summary['trials'])} trials finished; narrow the ranges, the learning rate first."
        )
    write_text(folder / "study.yaml", _best_study(study, summary["best"]["values"], folder))
    write_json(folder / "search.json", summary)
    write_text(folder / "search.html", render_search_page(summary, lang=lang))
    return SearchResult(
        path=folder,
        n_trials=summary["finished"],
        metric=METRIC,
        best_value=summary["best"]["value"],
        best_values=summary["best"]["values"],
    )


def _training(study: Study) -> Evaluate:
    from primum.study.fitting import train_on_validation

    return partial(train_on_validation, study)


def _check_spaces(study: Study) -> None:
    """Refuse a space whose ends or values the study itself would refuse, before hours are spent."""
    if not study.spaces:
        raise StudyError(
            f"{study.spec.study}: the study names nothing to search; write a range beside a value, "
            "e.g. training.optimizer.lr: {search: {low: 1.0e-5, high: 1.0e-3, log: true}}."
        )
    resolved = study.spec.resolved()
    for key, space in study.spaces.items():
        for value in space.values if isinstance(space, Choices) else (space.low, space.high):
            validate(StudySpec, with_values(resolved, {key: value}), source=f"{key}.search")


def _open(study: Study, storage: Any) -> Any:
    """The Optuna study; its name holds a fingerprint, so that a changed study never mixes with an earlier one."""
    optuna = require("optuna", extra="train", purpose="A search")
    said = dict(study.spec.resolved())
    said["cohort"] = {key: value for key, value in said["cohort"].items() if key != "source"}  # differs by machine
    said["spaces"] = {key: space.to_json() for key, space in study.spaces.items()}
    fingerprint = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    pruner = optuna.pruners.MedianPruner(n_startup_trials=STARTUP_TRIALS)
    return optuna.create_study(
        storage=storage,
        study_name=f"{study.spec.study}-{fingerprint[:16]}",
        pruner=pruner,
        direction="minimize",
        load_if_exists=True,
    )


def _forget_killed(kept: Any) -> None:
    """Mark trials of processes that are gone as failed, so that nobody waits for or learns from them."""
    states = require("optuna.trial", extra="train", purpose="A search").TrialState
    for trial in kept.get_trials(deepcopy=False, states=(states.RUNNING,)):
        if is_gone(trial.user_attrs.get("process", "")):
            kept.tell(trial.number, state=states.FAIL)


def _run_trials(kept: Any, study: Study, *, evaluate: Evaluate, trials: int, progress: Progress) -> None:
    objective = partial(_objective, kept=kept, study=study, evaluate=evaluate)
    while (done := _finished(kept)) < trials:
        progress.advance(done, trials, **_best_so_far(kept))
        kept.optimize(objective, n_trials=1, catch=(TrainingFailedError,))
    progress.advance(trials, trials, **_best_so_far(kept))


def _objective(trial: Any, *, kept: Any, study: Study, evaluate: Evaluate) -> float:
    optuna = require("optuna", extra="train", purpose="A search")
    trial.set_user_attr("process", process_name())
    # Seeded by the trial's number: a resumed search goes on as an undisturbed one would have, and processes differ.
    seed = (study.spec.training.seed * 100_003 + trial.number) % 2**32
    kept.sampler = optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP_TRIALS, multivariate=False)
    values = {key: _suggested(trial, key, space) for key, space in study.spaces.items()}
    twin = _twin(kept, trial)
    if twin is not None:
        trial.set_user_attr("repeats", twin.number)
        return float(twin.value)
    stopped = False

    def report(epoch: int, loss: float) -> bool:
        nonlocal stopped
        trial.report(loss, epoch)
        stopped = bool(trial.should_prune())
        return stopped

    try:
        loss = float(evaluate(values, report))
        if not stopped and not math.isfinite(loss):
            raise TrainingFailedError(f"trial {trial.number}: the loss on validation is not finite.")
    except TrainingFailedError:
        trial.set_user_attr("finished", True)
        raise
    if stopped:
        raise optuna.TrialPruned
    return loss


def _suggested(trial: Any, key: str, space: Space) -> Any:
    if isinstance(space, Choices):
        labels = space.labels()
        return space.values[labels.index(trial.suggest_categorical(key, labels))]
    high = space.high
    if space.step is not None:  # Optuna warns of an end off the grid
        high = space.low + space.step * math.floor((space.high - space.low) / space.step + 1e-9)
    if space.whole:
        return trial.suggest_int(key, int(space.low), int(high), log=space.log, step=int(space.step or 1))
    return trial.suggest_float(key, space.low, float(f"{high:.12g}"), log=space.log, step=space.step)


def _twin(kept: Any, trial: Any) -> Any | None:
    """A complete trial with the same values: training is seeded, so its figure would come out again."""
    states = require("optuna.trial", extra="train", purpose="A search").TrialState
    complete = kept.get_trials(deepcopy=False, states=(states.COMPLETE,))
    return next((other for other in complete if other.params == trial.params), None)


def _finished(kept: Any) -> int:
    return sum(_has_finished(trial) for trial in kept.get_trials(deepcopy=False))


def _has_finished(trial: Any) -> bool:
    """Complete, pruned, or failed by its own values; a killed trial has not finished."""
    return trial.state.name in ("COMPLETE", "PRUNED") or bool(trial.user_attrs.get("finished"))


def _best(kept: Any) -> Any | None:
    complete = [trial for trial in kept.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    return min(complete, key=lambda trial: (trial.value, trial.number), default=None)


def _best_so_far(kept: Any) -> dict[str, float]:
    best = _best(kept)
    return {} if best is None else {"best": float(best.value)}


def _summary(kept: Any, study: Study) -> dict[str, Any]:
    """The content of search.json: the space, every trial, the best one, and which values mattered."""
    best = _best(kept)
    trials = [_trial_json(trial, study.spaces) for trial in kept.get_trials(deepcopy=False)]
    return {
        "study": study.spec.study,
        "metric": METRIC,
        "direction": "lower",
        "split": "validation",
        "space": {key: space.to_json() for key, space in study.spaces.items()},
        "finished": _finished(kept),
        "best": None if best is None else _trial_json(best, study.spaces),
        "importance": _importance(kept, seed=study.spec.training.seed),
        "trials": trials,
    }


def _trial_json(trial: Any, spaces: Mapping[str, Space]) -> dict[str, Any]:
    values = {
        key: json.loads(trial.params[key]) if isinstance(space, Choices) else trial.params[key]
        for key, space in spaces.items()
        if key in trial.params
    }
    return {
        "trial": trial.number,
        "state": trial.state.name.lower(),
        "value": _plain(trial.value) if trial.state.name == "COMPLETE" else None,
        "values": values,
        "seconds": None if trial.duration is None else round(trial.duration.total_seconds(), 3),
        "epochs": [[step, _plain(loss)] for step, loss in sorted(trial.intermediate_values.items())],
        "repeats": trial.user_attrs.get("repeats"),
    }


def _plain(value: float | None) -> float | None:
    return float(value) if value is not None and math.isfinite(value) else None


def _importance(kept: Any, *, seed: int) -> dict[str, float]:
    """Share of the loss's variance that each value explains (functional ANOVA); empty with too few trials to tell.

    Source: Hutter et al. 2014, "An Efficient Approach for Assessing Hyperparameter Importance".
    """
    importance = require("optuna.importance", extra="train", purpose="A search")
    complete = [trial for trial in kept.get_trials(deepcopy=False) if trial.state.name == "COMPLETE"]
    if len(complete) < STARTUP_TRIALS or len({trial.value for trial in complete}) < 2:
        return {}
    evaluator = importance.FanovaImportanceEvaluator(seed=seed)
    return {
        key: round(float(share), 6)
        for key, share in importance.get_param_importances(kept, evaluator=evaluator).items()
        if math.isfinite(share)
    }


def _best_study(study: Study, values: Mapping[str, Any], folder: Path) -> str:
    """The study with the best values, every default written out, its source found from `folder`."""
    resolved = with_values(study.spec.resolved(), values)
    source = study.folder / resolved["cohort"]["source"]
    if not Path(resolved["cohort"]["source"]).is_absolute():
        resolved = with_values(resolved, {"cohort.source": os.path.relpath(source.resolve(), folder.resolve())})
    policy = study.folder / resolved["policy"]
    if policy.is_file() and not Path(resolved["policy"]).is_absolute():
        resolved["policy"] = os.path.relpath(policy.resolve(), folder.resolve())
    plain = validate(StudySpec, resolved, source="the best study").resolved()
    return yaml.safe_dump(dict(plain), sort_keys=False, allow_unicode=True)


@contextlib.contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Keep Optuna's own log lines back: they would repeat an exception's text, which may hold a record's words."""
    logging = require("optuna.logging", extra="train", purpose="A search")
    before = logging.get_verbosity()
    logging.set_verbosity(logging.CRITICAL)
    try:
        yield
    finally:
        logging.set_verbosity(before)
