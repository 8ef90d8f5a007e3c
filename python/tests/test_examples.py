"""Every example as real processes, its output checked."""

import os
import pathlib
import sys

import pytest
from conftest import Program

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"


@pytest.fixture
def example(tmp_path):
    started = []

    def start(name, *arguments):
        env = dict(os.environ, DAFFI_LOG="warning", DAFFI_COOKIE_FILE=str(tmp_path / "cookie"))
        command = [sys.executable, str(FOLDER / name), "--unix-sock-path", str(tmp_path / "s"), *arguments]
        started.append(Program(command, tmp_path, env))
        return started[-1]

    yield start
    for each in started:
        each.kill()


def test_the_library(example):
    example("library_service.py").expect("open")
    assert example("library_client.py").finish(0) == [
        "1", "2", "['Beowulf', 'Emma']", "['Beowulf', 'Emma']", "Austen", "ValueError Emma is there already"
    ]  # fmt: skip


def test_the_weather(example):
    example("weather_station.py", "north").expect("measuring")
    example("weather_station.py", "south").expect("measuring")
    assert example("weather_survey.py").finish(0) == ["north -3.5", "south 21.0"]
