#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks the engine on purpose, one small change at a time, and sees which tests notice.

run.py [--work FOLDER] [--jobs N] [--tests PATTERN] KIND [NAME…]   of tests/mutants/KIND.txt
run.py --page                                                    prints docs/internals/mutants.md

The tree is never touched: a copy of it, in the work folder, is patched, built and run.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True

from table import KINDS, TableError, page, parse_table, patched

OPTIONS = ['-Dbuildtype=debugoptimized', '-Dc_args=-g0', '-Dtests=enabled', '-Dexamples=false',
           '-Dbench=false', '-Dwerror=false', '-Dwarning_level=0']
LINE = re.compile(r'(not )?ok \d+ - [^:]*:[^:]*:(\w+): ?(.*)')
# What stops a test that did not say that anything is wrong.
STOPPED = re.compile(r'Received signal|Test timeout expired|Early exit')
RULE = re.compile(r'([rg]\d+b?)(?=_)')


def rules_of(test):
    """The rules and gaps whose numbers a test bears: r70_r71_a_view… → R70, R71; g1_… → G1."""
    found, at = set(), 0
    while match := RULE.match(test, at):
        found.add(match.group(1).capitalize())
        at = match.end() + 1
    return found


class Result:
    """What the chosen tests of all programs said."""

    def __init__(self):
        self.passed, self.failed, self.stopped, self.broken = set(), {}, {}, []
        self.seeds = {}

    def seed_of(self, name):
        """At which seed a test failed or stopped, for who reads it; empty when that is not told."""
        said = re.search(r'seed (\d+)', self.failed.get(name, ''))
        seed = said.group(1) if said else self.seeds.get(name)
        return f' at seed {seed}' if seed else ''

    def add(self, program, output, told, status):
        self.seeds.update(re.findall(r'^# (\w+): seed (\d+)$', told, re.M))
        seen = False
        for line in output.splitlines():
            match = LINE.match(line)
            seen = seen or bool(re.match(r'1\.\.\d+$', line))
            if not match:
                continue
            failed, name, why = match.groups()
            if not failed:
                self.passed.add(name)
            elif STOPPED.search(why):
                self.stopped.setdefault(name, why)
            else:
                self.failed.setdefault(name, why)
        if not seen:
            self.broken.append(f'{program} ended with {status} before its tests did')


class Copy:
    """The copied tree with its build folder."""

    def __init__(self, root, work, jobs):
        self.root, self.jobs = root, jobs
        self.tree, self.build = os.path.join(work, 'tree'), os.path.join(work, 'build')
        self.programs, self.originals = [], {}
        self.seconds, self.patience = {}, {}

    def path(self, name):
        return os.path.join(self.tree, name)

    def read(self, name):
        """As the file was when the run began: somebody may work in the tree meanwhile."""
        if name not in self.originals:
            with open(os.path.join(self.root, name), 'rb') as opened:
                self.originals[name] = opened.read()
        return self.originals[name]

    def write(self, name, data):
        """Leaves the file alone where nothing changed, so that nothing is built again."""
        path = self.path(name)
        if os.path.exists(path):
            with open(path, 'rb') as opened:
                if opened.read() == data:
                    return
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'wb') as opened:
            opened.write(data)
        os.chmod(path, os.stat(os.path.join(self.root, name)).st_mode & 0o777)

    def refresh(self):
        listed = subprocess.run(['git', '-C', self.root, 'ls-files', '-co', '--exclude-standard'],
                                check=True, capture_output=True, text=True).stdout.splitlines()
        kept = {name for name in listed if os.path.isfile(os.path.join(self.root, name))}
        for name in kept:
            self.write(name, self.read(name))
        for folder, _, names in os.walk(self.tree):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.relpath(path, self.tree) not in kept:
                    os.remove(path)

    def configure(self):
        if os.path.exists(os.path.join(self.build, 'build.ninja')):
            # again where the lists of sources have changed
            subprocess.run(['ninja', '-C', self.build, 'build.ninja'], check=True,
                           stdout=subprocess.DEVNULL)
            return
        yyjson = os.path.join(self.root, '.deps', 'yyjson')
        options = OPTIONS + ([f'-Dyyjson_dir={yyjson}'] if os.path.isdir(yyjson) else [])
        subprocess.run(['meson', 'setup', self.build, self.tree, *options], check=True,
                       stdout=subprocess.DEVNULL)

    def choose_programs(self, pattern):
        """The programs that have a test of such a name, as paths of the build folder."""
        starts = re.compile(rf'^START_TEST\((?={pattern.lstrip("^")})', re.M)
        targets = json.loads(subprocess.run(
            ['meson', 'introspect', '--targets', self.build], check=True, capture_output=True,
            text=True).stdout)
        self.programs = []
        for target in targets:
            sources = [source for group in target['target_sources']
                       for source in group.get('sources', []) if '/tests/' in source]
            if target['type'] == 'executable' and any(starts.search(text_of(s)) for s in sources):
                self.programs.append(os.path.relpath(target['filename'][0], self.build))
        # the longest ones first, so that no core waits at the end
        self.programs.sort(key=lambda name: 'runners/core/runners' not in name)

    def make(self):
        """Builds the programs. True, or the first error of what the compiler said."""
        done = subprocess.run(['ninja', '-C', self.build, f'-j{self.jobs}', *self.programs],
                              capture_output=True, text=True, check=False)
        errors = [line for line in done.stdout.splitlines() if 'error:' in line]
        return True if done.returncode == 0 else (errors or done.stdout.splitlines() or ['?'])[0]

    def digest(self, program):
        with open(os.path.join(self.build, program), 'rb') as opened:
            return hashlib.sha256(opened.read()).hexdigest()

    def run_one(self, program, settings):
        environment = {**os.environ, 'CK_TAP_LOG_FILE_NAME': '-', 'CK_VERBOSITY': 'silent',
                       'CK_TIMEOUT_MULTIPLIER': '3', 'FLOW_TEST_ONLY': settings['tests'],
                       'FLOW_TEST_SEEDS': settings['seeds'], 'FLOW_TEST_TELL': '1'}
        start = time.time()
        # a session of its own: the tests that it forked are stopped with it
        with subprocess.Popen([os.path.join(self.build, program)], cwd=self.build, text=True,
                              env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              errors='replace', start_new_session=True) as running:
            try:
                output, told = running.communicate(timeout=self.patience.get(program))
            except BaseException as why:
                kill_session(running.pid)
                if not isinstance(why, subprocess.TimeoutExpired):
                    raise
                return program, '', '', 'a hang'
        self.seconds[program] = max(self.seconds.get(program, 0), time.time() - start)
        return program, output, told, running.returncode

    def run(self, settings, same=None):
        """Runs the programs, but for those that are byte for byte what they were in `same`."""
        result = Result()
        programs = [one for one in self.programs if not same or self.digest(one) != same[one]]
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            for told in pool.map(lambda one: self.run_one(one, settings), programs):
                result.add(*told)
        return result


def kill_session(session):
    """Kills a program with all that it forked: each test is a process group of its own."""
    for entry in os.listdir('/proc'):
        if not entry.isdigit():
            continue
        try:
            if os.getsid(int(entry)) == session:
                os.kill(int(entry), signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass


def text_of(path):
    with open(path, encoding='utf-8') as opened:
        return opened.read()


def verdict(mutant, result, apart):
    """(True, which tests caught it), or (False, what is wrong)."""
    if result.broken:
        return False, result.broken[0]
    caught = {**result.failed, **(result.stopped if mutant.stops else {})}
    own = {name for name in caught if not apart or mutant.name in rules_of(name)}
    if own:
        return True, ', '.join(name + result.seed_of(name) for name in sorted(own))
    if result.stopped:
        return False, 'only crashes or hangs: ' + ', '.join(sorted(result.stopped))
    return False, 'SURVIVED'


def verdict_of_others(mutant, result):
    """(True, which other rules have noticed, for who writes `also` lines), or (False, what is
    wrong)."""
    if result.broken:
        return False, result.broken[0]
    others = [name for name in sorted({**result.failed, **result.stopped})
              if mutant.name not in rules_of(name)]
    strange = [name for name in others if not rules_of(name) & set(mutant.also)]
    if strange:
        return False, 'not only its own tests see it: ' + ', '.join(strange)
    never = set(mutant.also) - set().union(*map(rules_of, others))
    return True, (''.join(f'; also {name}' for name in others) +
                  (f'; not seen by {" ".join(sorted(never))}' if never else ''))


def own_tests(mutant):
    return rf'^([rg][0-9]+b?_)*{mutant.name.lower()}_'


def of_own(mutant, settings):
    """The settings for the tests that must notice."""
    own = {**settings, 'seeds': mutant.seeds or settings['seeds']}
    if settings['apart'] == 'yes':
        own['tests'] = own_tests(mutant)
    return own


def run_mutant(copy, mutant, settings, plain):
    """(True, who caught it) or (False, why not). The tests of its own rule come first."""
    try:
        copy.write(mutant.file, patched(mutant, copy.read(mutant.file).decode()).encode())
    except TableError as stale:
        return False, str(stale)
    built = copy.make()
    if built is not True:
        return False, f'does not build: {built}'
    apart = settings['apart'] == 'yes'
    good, said = verdict(mutant, copy.run(of_own(mutant, settings), plain), apart)
    if not good or not apart or settings['own']:
        return good, said
    good, others = verdict_of_others(mutant, copy.run(settings, plain))
    return good, said + others if good else others


def run_plain(copy, settings, mutants):
    """Without a mutant all tests pass, those too that only mutants of their own rule are shown to.
    Returns how many there are."""
    runs = [settings]
    if settings['apart'] == 'yes':
        usual = re.compile(settings['tests'])
        runs += [of_own(one, settings) for one in mutants
                 if one.seeds or not usual.match(one.name.lower() + '_')]
    tests = set()
    for run in runs:
        result = copy.run(run)
        wrong = {**result.failed, **result.stopped}
        if wrong or result.broken:
            sys.exit('mutants: without any, these fail: ' + ', '.join([*wrong, *result.broken]))
        tests |= result.passed
    return len(tests)


def run_kind(options):
    settings, mutants = parse_table(text_of(table_path(options.root, options.kind)))
    settings['tests'] = options.tests or settings['tests']
    chosen = [one for one in mutants if not options.names or one.name in options.names]
    if not chosen:
        sys.exit(f'mutants: the table has none of {" ".join(options.names)}')
    copy = Copy(options.root, options.work, options.jobs)
    copy.refresh()
    copy.configure()
    copy.choose_programs(settings['tests'])
    built = copy.make()
    if built is not True:
        sys.exit(f'mutants: the tree itself does not build: {built}')
    settings['own'] = options.own
    passed = run_plain(copy, settings, chosen)
    print(f'{passed} tests in {len(copy.programs)} programs see {len(chosen)} mutants', flush=True)
    plain = {program: copy.digest(program) for program in copy.programs}
    copy.patience = {program: 60 + 10 * seconds for program, seconds in copy.seconds.items()}
    caught, last = 0, None
    for mutant in sorted(chosen, key=lambda one: one.file):
        start = time.time()
        if last and last != mutant.file:
            copy.write(last, copy.read(last))
        last = mutant.file
        good, said = run_mutant(copy, mutant, settings, plain)
        caught += good
        print(f'{"caught" if good else "WRONG "} {mutant.name:4} {mutant.says} ({mutant.file}), '
              f'{time.time() - start:.1f} s: {said}', flush=True)
    copy.write(last, copy.read(last))
    print(f'{caught} caught, {len(chosen) - caught} not')
    return 0 if caught == len(chosen) else 1


def table_path(root, kind):
    return os.path.join(root, 'tests', 'mutants', f'{kind}.txt')


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    root = os.path.dirname(os.path.dirname(here))
    parser = argparse.ArgumentParser(description='Mutants of the engine, and who notices.')
    parser.add_argument('--root', default=root)
    parser.add_argument('--work', help='folder of the patched copy (build-mutants)')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--tests', help='instead of those that the table names')
    parser.add_argument('--own', action='store_true', help='only ask the tests of each rule')
    parser.add_argument('--page', action='store_true')
    parser.add_argument('kind', nargs='?', choices=list(KINDS))
    parser.add_argument('names', nargs='*', metavar='NAME', help='R24, R31 …')
    options = parser.parse_args()
    if options.page:
        paths = {kind: table_path(options.root, kind) for kind in KINDS}
        sys.stdout.write(page({kind: text_of(path) for kind, path in paths.items()
                               if os.path.exists(path)}))
        return 0
    if not options.kind:
        parser.error(f'which of {", ".join(KINDS)}?')
    options.work = os.path.abspath(options.work or os.path.join(options.root, 'build-mutants'))
    return run_kind(options)


if __name__ == '__main__':
    sys.exit(main())
