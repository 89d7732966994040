"""The command line of the scripts that kill, and the check of a whole store that all scripts end with."""

import argparse
import os
import random
import subprocess


def parse_killing(description, work, rounds):
    """What was given, and the names of the steps that such work passes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="the shale binary")
    parser.add_argument("killed_server", help="the server that dies at named steps")
    parser.add_argument("verify_store", help="the tool that reads a whole store")
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("SHALE_CRASH_ROUNDS", rounds)), help="also SHALE_CRASH_ROUNDS")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SHALE_CRASH_SEED", random.randrange(1 << 32))), help="also SHALE_CRASH_SEED")
    parser.add_argument("--step", help="kill at this step only")
    given = parser.parse_args()
    names = subprocess.run([given.killed_server, "kill-points", work], capture_output=True, text=True, check=True).stdout.split()
    assert not given.step or given.step in names, f"there is no step {given.step}; there are {names}"
    return given, names


def again(given):
    """How to run the same again."""
    return f"Again with: --rounds {given.rounds} --seed {given.seed}" + (f" --step {given.step}" if given.step else "")


def verify(verify_store, data):
    """Both halves of a store against each other, all uploads expired. The ended process, with what it says."""
    return subprocess.run([verify_store, data, "expire"], capture_output=True, text=True, check=False)
