"""How fast, and in how much memory, are training data checked and prepared? Writes and removes a file of the size asked for.

    .venv/bin/python benchmarks/bench_data.py --megabytes 1000

Figures go into benchmarks/README.md with the day and the machine's size.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"
WORDS = [
    f"{a}{b}{c}"
    for a in ("re", "un", "co", "de", "in", "ex")
    for b in ("lat", "form", "port", "mand", "sid", "tain", "vert")
    for c in ("ed", "ing", "er", "ion", "able", "")
]


def write(path: Path, megabytes: int) -> int:
    """Write chat examples of about a kilobyte each; how many."""
    dice = random.Random(1)
    number = size = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            text = " ".join(dice.choices(WORDS, k=120))
            answer = " ".join(dice.choices(WORDS, k=8))
            line = (
                json.dumps({"messages": [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]})
                + "\n"
            )
            file.write(line)
            size += len(line)
            number += 1
    return number


def measure(path: Path) -> None:
    """Check the file in this process and print what it took; run as a process of its own, so that the peak is its own."""
    sys.path.insert(0, str(SCRIPTS))
    from finetune.checks.survey import survey

    began = time.perf_counter()
    found = survey([("train", path)], target="openai", model="gpt-4.1-mini-2025-04-14")
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    megabytes = path.stat().st_size / 1e6
    print(
        f"validate: {found.examples:,} examples, {megabytes:,.0f} MB in {seconds:.1f} s: "
        f"{found.examples / seconds:,.0f} rows/s ({found.examples / cpu:,.0f} a CPU second), peak {peak:.0f} MiB"
    )


def prepare(path: Path, folder: Path) -> None:
    """Convert and split the file, likewise."""
    sys.path.insert(0, str(SCRIPTS))
    from finetune.prepare import prepare as run
    from finetune.split import Fractions

    began = time.perf_counter()
    made = run([path], folder, target="gemini", fractions=Fractions.parse("80/10/10"), seed=1)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak, cpu = used.ru_maxrss / 1024, used.ru_utime + used.ru_stime
    number = sum(made.examples.values())
    print(
        f"prepare:  {number:,} examples in {seconds:.1f} s: {number / seconds:,.0f} rows/s "
        f"({number / cpu:,.0f} a CPU second), peak {peak:.0f} MiB"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=100)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        measure(given.measure)
        return
    with tempfile.TemporaryDirectory() as folder:
        if given.prepare:
            prepare(given.prepare, Path(folder))
            return
        path = Path(folder) / "data.jsonl"
        write(path, given.megabytes)
        for step in ("--measure", "--prepare"):
            subprocess.run([sys.executable, __file__, step, str(path)], check=True)


if __name__ == "__main__":
    main()
