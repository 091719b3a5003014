"""The command line: KServe's flags work, wrong ones are told in one line."""

from pathlib import Path

import pytest

from tradewind.servers.flags import WITHOUT_EFFECT, Settings, parse

REQUIRED = ["--model_dir=/mnt/models"]
DEFAULTS = Settings(
    model_name="model",
    model_dir=Path("/mnt/models"),
    framework="sklearn",
    host="127.0.0.1",
    http_port=8080,
    predict_threads=1,
    max_in_flight=256,
    max_body_bytes=32 * 2**20,
    predict_timeout_seconds=600.0,
    drain_seconds=25.0,
    keep_alive_seconds=65.0,
    logs_latency=False,
)


def test_defaults():
    assert parse(REQUIRED) == DEFAULTS


def test_the_arguments_of_kserves_runtime():
    settings = parse(["--model_name=iris", "--model_dir=/mnt/models", "--http_port=8081"])
    assert (settings.model_name, settings.http_port) == ("iris", 8081)


@pytest.mark.parametrize("flag", ["--drain-seconds=3", "--drain_seconds=3"])
def test_hyphens_and_underscores_are_the_same(flag: str):
    assert parse([*REQUIRED, flag]).drain_seconds == 3


def test_a_value_may_stand_alone():
    assert parse([*REQUIRED, "--timeout-keep-alive", "5"]).keep_alive_seconds == 5


@pytest.mark.parametrize("flag", WITHOUT_EFFECT)
def test_a_flag_without_effect_is_taken_and_named(flag: str):
    assert parse([*REQUIRED, f"{flag}=1"]).warnings == (f"{flag} has no effect: {WITHOUT_EFFECT[flag]}",)


def test_a_switch_without_effect_is_taken_and_named():
    assert parse([*REQUIRED, "--enable_predictor_health_check"]).warnings == (
        "--enable_predictor_health_check has no effect: a predict server calls no other predictor",
    )


def test_a_missing_value_is_told(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        parse([*REQUIRED, "--http_port"])
    assert capsys.readouterr().err == "predict server: argument --http_port: expected one argument\n"


BAD = [
    (["--model_name=x"], "the following arguments are required: --model_dir"),
    ([*REQUIRED, "--http-prot=1"], "unknown flag --http-prot; the nearest known one is --http_port"),
    ([*REQUIRED, "--zzz", "1"], "unknown flag --zzz; the nearest known one is --"),
    ([*REQUIRED, "iris"], "unexpected argument 'iris'; every option is written --NAME=VALUE"),
    ([*REQUIRED, "--http_port=70000"], "argument --http_port: '70000' is not a port"),
    ([*REQUIRED, "--http_port=x"], "argument --http_port: 'x' is not a port"),
    ([*REQUIRED, "--max_in_flight=0"], "'0' is not a whole number above 0"),
    ([*REQUIRED, "--drain_seconds=-1"], "'-1' is not a number of seconds"),
    ([*REQUIRED, "--drain_seconds=nan"], "'nan' is not a number of seconds"),
    ([*REQUIRED, "--drain_seconds=soon"], "'soon' is not a number of seconds"),
    ([*REQUIRED, "--enable_latency_logging=maybe"], "'maybe' is neither true nor false"),
    ([*REQUIRED, "--framework=caffe"], "invalid choice: 'caffe'"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD)
def test_a_wrong_command_line_is_one_line_and_exit_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as caught:
        parse(arguments)
    errors = capsys.readouterr().err
    assert caught.value.code == 2
    assert errors.startswith("predict server: ")
    assert message in errors
    assert errors.count("\n") == 1
