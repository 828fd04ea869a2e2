# SPDX-License-Identifier: Apache-2.0
"""What somebody meets who gives the job the wrong file, the wrong option, a full disk, a signal."""
import os
import random
import signal
import subprocess
import time

from harness import (CHECK, GENERATE, SPIKES, equal, generate, in_order, main, read, run, spikes,
                     test)


def said_by(*command, status=1):
    """What a run that fails says on standard error."""
    return run(*command, status=status).stderr


def wait_until(what, seconds=60):
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.02)


def lines_of(path):
    """How many lines a file has by now."""
    with open(path, 'rb') as lines:
        return sum(1 for _ in lines)


@test
def a_shuffled_file_gives_what_the_ordered_one_gives():
    generate('--seed', 61)
    with open('clicks.json', encoding='utf-8') as lines:
        shuffled = list(lines)
    random.Random(1).shuffle(shuffled)
    with open('shuffled.json', 'w', encoding='utf-8') as out:
        out.writelines(shuffled)
    wanted = spikes()
    assert wanted
    equal(spikes(path='shuffled.json'), wanted)
    run('gzip', '-k', 'shuffled.json')
    equal(spikes(path='shuffled.json.gz'), wanted)


@test
def output_that_cannot_be_written_is_a_failure():
    generate('--seed', 62)
    spikes()
    for command in ([SPIKES, 'clicks.json'], [SPIKES, '--quiet', 'clicks.json'],
                    [SPIKES, '--plan', 'clicks.json'], [CHECK, 'episodes.json', 'truth.json']):
        with open('/dev/full', 'w', encoding='utf-8') as full:
            done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True,
                                  check=False, timeout=100)
        assert done.returncode != 0 and 'standard output' in done.stderr, (command, done)
    assert ': Is a directory' in said_by(CHECK, '.', 'truth.json', status=2)
    done = subprocess.run(['sh', '-c', f'"{SPIKES}" clicks.json >&-'], stderr=subprocess.PIPE,
                          text=True, check=False, timeout=100)
    assert done.returncode == 1 and 'standard output is closed' in done.stderr, done


@test
def what_is_no_file_of_events_is_named_before_anything_else():
    generate('--seed', 63)
    os.mkdir('folder')
    with open('noon.json', 'w', encoding='utf-8') as out:
        out.write('{"at":"noon","product":"hat-1","event":"view"}\n')
    for command, word in ((['nowhere.json'], 'nowhere.json: cannot be opened'),
                          (['folder'], 'folder: is a folder'), (['*.txt'], 'no file matches'),
                          (['--workers', 1, '--time-field', 'when', 'clicks.json'],
                           'clicks.json:1: field "when" is missing'),
                          (['noon.json'], 'noon.json:1: field "at"')):
        said = said_by(SPIKES, *command)
        assert word in said.splitlines()[0] and '--from' not in said, said


@test
def an_empty_file_has_no_episodes():
    with open('empty.json', 'w', encoding='utf-8'):
        pass
    done = run(SPIKES, 'empty.json')
    assert done.stdout == '' and '0 rows' in done.stderr and 'hash' not in done.stderr, done


@test
def rows_of_which_none_is_counted_are_a_failure_with_a_hint():
    generate('--seed', 64)
    said = said_by(SPIKES, '--event-field', 'what', 'clicks.json')
    assert 'none is a "view" or a "purchase": see --event-field, --views, --sales' in said, said
    said = said_by(SPIKES, '--views', 'look', '--no-sales', 'clicks.json')
    assert 'none is a "look"' in said, said
    for options in ([], ['--views', '', '--no-sales']):
        said = said_by(SPIKES, '--distinct', '--session-field', 'who', *options, 'clicks.json')
        assert 'no event has a session to count by: see --session-field' in said, said


@test
def what_was_dropped_is_told():
    generate('--seed', 65, '--broken', 0.01, '--late', 0.01, '--future')
    done = run(SPIKES, '--on-error', 'skip', '--disorder', '5s', 'clicks.json')
    for reason in ('(skipped)', 'dropped 1 (future)', '(late: a window each)'):
        assert reason in done.stderr, done.stderr


@test
def options_that_make_no_sense_are_refused_with_what_would():
    generate('--seed', 66)
    for options, word in ((['--tap', 'nonsense'], 'views/count'),
                          (['--from', '2027-01-01', '--until', '2026-01-01'], 'later than --until'),
                          (['--stream', '--speed', '1', '--follow'], 'exclude each other'),
                          (['--views', '', '--sales', ''], 'twice'),
                          (['--no-sales', '--tap', 'sales/count'], '--no-sales'),
                          (['--memory', '1'], 'expected a whole number of MiB'),
                          (['--window', '10'], 'expected a duration such as')):
        said = said_by(SPIKES, *options, 'clicks.json', status=2)
        assert word in said, said
    equal(spikes('--workers', 0, '--memory', 512), spikes())


@test
def a_dry_run_shows_the_plan_and_rows_as_they_were_understood():
    generate('--seed', 67)
    plan = run(SPIKES, '--plan', 'clicks.json').stdout
    done = run(SPIKES, '--dry-run', '--limit', 3, 'clicks.json')
    first = read('clicks.json')[0]
    rows = done.stdout[len(plan):].splitlines()
    assert done.stdout.startswith(plan) and len(rows) == 3 and '3 rows' in done.stderr, done
    equal(rows[0], f'at {first["at"]}  product {first["product"]}  event {first["event"]}')


@test
def the_first_signal_finishes_what_was_read():
    generate('--seed', 68)
    wanted = spikes()
    with open('clicks.json', 'rb') as lines:
        data = lines.read()
    for number in (signal.SIGINT, signal.SIGTERM):
        with open('growing.json', 'wb'):
            pass
        with subprocess.Popen([SPIKES, '--tap', 'read', '--quiet', '--follow', '--out', 'out.json',
                               'growing.json'], stdout=subprocess.PIPE,
                              stderr=open('log', 'w', encoding='utf-8')) as job:
            time.sleep(0.2)
            with open('growing.json', 'ab') as out:
                out.write(data)
            try:
                wait_until(lambda: lines_of('log') >= data.count(b'\n'))
            except AssertionError:
                job.kill()
                raise
            job.send_signal(number)
            job.communicate(timeout=60)
        assert job.returncode == 0, job.returncode
        equal(in_order(read('out.json')), wanted)


@test
def a_signal_ends_the_wait_for_a_first_event():
    with open('empty.json', 'w', encoding='utf-8'):
        pass
    with subprocess.Popen([SPIKES, '--follow', 'empty.json'], stderr=subprocess.PIPE,
                          text=True) as job:
        time.sleep(0.5)
        assert job.poll() is None
        job.send_signal(signal.SIGINT)
        said = job.communicate(timeout=60)[1]
    assert job.returncode == 0 and '0 rows' in said, said


@test
def a_second_signal_leaves_no_file():
    generate('--seed', 69)
    with subprocess.Popen([SPIKES, '--out', 'out.json', '--from', '2026-11-23', '-'],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as job:
        with open('clicks.json', 'rb') as lines:
            job.stdin.write(lines.read(100000))
        job.stdin.flush()
        time.sleep(0.5)
        job.send_signal(signal.SIGINT)
        job.send_signal(signal.SIGTERM)
        out, err = job.communicate(timeout=60)
    assert job.returncode in (0, 1), (out, err)
    left = [name for name in os.listdir('.') if name.startswith(('out', '.out'))]
    equal(left, [] if job.returncode == 1 else ['out.json'])


@test
def the_generator_says_when_its_file_cannot_be_written():
    said = said_by(GENERATE, '--events', 300000, '--hours', 8, '--products', 100,
                   '--out', '/dev/full', '--truth', 'truth.json')
    assert 'cannot be written: No space left on device' in said, said


main()
