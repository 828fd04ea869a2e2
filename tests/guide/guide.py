#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the guide: compiles its programs as a stranger would, against the installed library, and
runs every ```console block of docs/guide. Lines that begin with `$ ` are commands, what follows is
what they must print. (That quoted C is what the programs say is checked by tests/tidy.) Speaks TAP:
guide.py SOURCE BUILD"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAMS = [
    'examples/guide/cells.c',
    'examples/guide/attempts.c',
    'examples/guide/avro.c',
    'examples/guide/beats.c',
    'examples/guide/combine.c',
    'examples/guide/composite.c',
    'examples/guide/cutting.c',
    'examples/guide/destinations.c',
    'examples/guide/errors.c',
    'examples/guide/evolve.c',
    'examples/guide/fields.c',
    'examples/guide/files.c',
    'examples/guide/first_pipeline.c',
    'examples/guide/functions.c',
    'examples/guide/hot_keys.c',
    'examples/guide/job.c',
    'examples/guide/life.c',
    'examples/guide/idle.c',
    'examples/guide/join.c',
    'examples/guide/late.c',
    'examples/guide/look_up.c',
    'examples/guide/metrics.c',
    'examples/guide/numbered.c',
    'examples/guide/options.c',
    'examples/guide/pace.c',
    'examples/guide/panes.c',
    'examples/guide/prices.c',
    'examples/guide/recorded.c',
    'examples/guide/records.c',
    'examples/guide/remember.c',
    'examples/guide/rules.c',
    'examples/guide/sink.c',
    'examples/guide/sketch.c',
    'examples/guide/source.c',
    'examples/guide/stamps.c',
    'examples/guide/splittable.c',
    'examples/guide/state.c',
    'examples/guide/tested.c',
    'examples/guide/triggers.c',
    'examples/guide/types.c',
    'examples/guide/visits.c',
    'examples/guide/why.c',
    'examples/guide/watch.c',
    'examples/guide/windows.c',
]
LINES_MAX = 100
FLAGS = ['-std=c11', '-D_POSIX_C_SOURCE=200809L', '-Wall', '-Wextra', '-Wpedantic', '-Wconversion',
         '-Wshadow', '-Werror']
BLOCK = re.compile(r'^```console\n(.*?)^```$', re.M | re.S)
cases = []


def case(name, fault=''):
    cases.append(name)
    print(f"{'not ok' if fault else 'ok'} {len(cases)} - {name}")
    for line in fault.splitlines():
        print(f'# {line}')


def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=120, check=False, **options)
    return done.returncode, done.stdout


def install(build, work):
    """Where the library is, as a distributor would move it; and pkg-config's environment."""
    code, out = run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet'],
                    env={**os.environ, 'DESTDIR': work + '/root'})
    if code != 0:
        return None, out
    options = json.loads(run(['meson', 'introspect', '--buildoptions', build])[1])
    prefix = next(option['value'] for option in options if option['name'] == 'prefix')
    os.rename(work + '/root' + prefix, work + '/usr')
    for folder, _, names in os.walk(work + '/usr'):
        if 'flow.pc' in names:
            return {**os.environ, 'PKG_CONFIG_PATH': folder,
                    'LD_LIBRARY_PATH': os.path.dirname(folder), 'LC_ALL': 'C.UTF-8'}, ''
    return None, 'no flow.pc was installed'


def compile_all(source, work, env):
    asked = ['--cflags', '--libs', 'flow']
    flags = run(['pkg-config', f'--define-variable=prefix={work}/usr', *asked], env=env)[1].split()
    for path in PROGRAMS:
        name = os.path.basename(path)[:-2]
        with open(os.path.join(source, path), encoding='utf-8') as text:
            lines = len(text.readlines())
        file = os.path.join(source, path)
        code, out = run(['cc', *FLAGS, file, '-o', f'{work}/run/{name}', *flags])
        if code == 0 and lines > LINES_MAX:
            code, out = 1, f'{lines} lines; {LINES_MAX} is the most'
        case(f'{name}_compiles_against_the_installed_library', out if code else '')


def run_block(block, work, env):
    """What differs, or nothing."""
    faults = ''
    for part in re.split(r'^\$ ', block, flags=re.M)[1:]:
        command, _, wanted = part.partition('\n')
        _, got = run(['bash', '-c', command], cwd=work + '/run', env=env)
        if got != wanted:
            faults += f'$ {command}\nprinted:\n{got}wanted:\n{wanted}'
    return faults


def main():
    source, build = sys.argv[1:]
    with tempfile.TemporaryDirectory() as work:
        env, fault = install(build, work)
        case('libflow_installs', fault)
        if env is None:
            print(f'1..{len(cases)}')
            return
        shutil.copytree(source + '/examples/guide', work + '/run')
        compile_all(source, work, env)
        text = ''
        for name in sorted(os.listdir(source + '/docs/guide')):
            with open(f'{source}/docs/guide/{name}', encoding='utf-8') as file:
                page = file.read()
            text += page
            for match in BLOCK.finditer(page):
                line = page.count('\n', 0, match.start()) + 1
                case(f'guide_{name}_line_{line}_prints_what_it_says',
                     run_block(match.group(1), work, env))
        for path in PROGRAMS:
            name = os.path.basename(path)[:-2]
            fault = ''
            if f'<!-- quote: {path}' not in text or f'./{name}' not in text:
                fault = f'{path} is not quoted and run by docs/guide'
            case(f'{name}_is_part_of_the_guide', fault)
    print(f'1..{len(cases)}')


main()
