# SPDX-License-Identifier: Apache-2.0
"""The job on streams finds what it finds on whole files, however the events come."""
import collections
import json
import random
import subprocess
import time

from harness import (SPIKES, equal, generate, in_order, main, naive, read, run, seconds, spikes,
                     test, without_bar)

SPAN = ['--from', '2026-11-23T00:00:00Z', '--until', '2026-11-23T07:59:59Z']
FAST = ['--stream', '--speed', '1e7']


def hash_of(done):
    return [line for line in done.stdout.splitlines() if ', hash ' in line][-1]


@test
def a_stream_with_half_of_its_events_out_of_order_finds_what_the_batch_finds():
    for seed in (51, 52, 53):
        generate('--seed', seed)
        equal(spikes(*FAST), spikes(), f'seed {seed}')
        batch = hash_of(run(SPIKES, '--quiet', 'clicks.json'))
        assert batch == hash_of(run(SPIKES, '--quiet', *FAST, 'clicks.json'))


@test
def a_paced_stream_finds_what_the_batch_finds():
    generate('--seed', 54, '--events', '60000', '--hours', '8', '--products', '20',
             '--spikes', '2', '--nears', '2', '--drops', '1')
    found = spikes('--stream', '--speed', '7200')
    assert found
    equal(found, spikes())


@test
def a_batch_that_watches_its_time_finds_what_one_that_waits_finds():
    generate('--seed', 55)
    equal(spikes('--disorder', '5s'), spikes())


def latest_by_time(events):
    """{(kind, time): the event of that kind and time that stands furthest behind its place}."""
    behind, latest = {}, ''
    for event in events:
        latest = max(latest, event['at'])
        at = seconds(event['at'])
        key, lag = (event['event'], at), seconds(latest) - at
        if key not in behind or lag > behind[key][0]:
            behind[key] = (lag, event)
    return {key: event for key, (_, event) in behind.items()}


def lost_pairs(path, events):
    """{measure: {(product, end): count}} of what was dropped: the earliest windows of each."""
    drops = collections.Counter()
    for rejected in read(path):
        assert rejected['reason'] == 'late', rejected
        drops[rejected['step'].split('/')[0], seconds(rejected['at'])] += 1
    lost = {'views': collections.Counter(), 'sales': collections.Counter()}
    late = latest_by_time(events)
    for (measure, at), count in drops.items():
        product = late['view' if measure == 'views' else 'purchase', at]['product']
        minute = int(at // 60)
        for end in range(minute + 1, minute + 1 + min(count, 10)):
            lost[measure][product, end] += (count + 9) // 10
    return lost, sum(drops.values())


@test
def what_a_stream_finds_differs_by_what_it_dropped_as_late():
    generate('--seed', 56, '--late', '0.02')
    events = read('clicks.json')
    for lateness in ([], ['--lateness', '3m']):
        found = spikes('--stream', '--speed', '60000', '--dropped', 'late.json', *lateness)
        lost, count = lost_pairs('late.json', events)
        assert count > 1000, count
        equal(without_bar(found), naive(events, dropped=lost), str(lateness))
    assert without_bar(spikes(out='all.json')) == naive(events)


@test
def lateness_takes_late_events_into_their_windows():
    generate('--seed', 57)
    equal(spikes('--stream', '--speed', '60000', '--disorder', '1s', '--lateness', '3m'), spikes())


@test
def hours_without_events_change_nothing():
    generate('--seed', 58)
    events = [e for e in read('clicks.json')
              if not '2026-11-23T03:10' <= e['at'] < '2026-11-23T05:45']
    with open('gaps.json', 'w', encoding='utf-8') as out:
        out.writelines(json.dumps(e) + '\n' for e in events)
    batch = spikes(path='gaps.json')
    equal(spikes(*FAST, path='gaps.json'), batch)
    equal(without_bar(batch), naive(events))
    assert any(e[1] == 'drop' and e[3] > '2026-11-23T03:10' for e in batch)


def append(data, path):
    """Appends bytes in chunks that end anywhere, some of them tiny."""
    dice = random.Random(1)
    at = 0
    with open(path, 'ab', buffering=0) as out:
        while at < len(data):
            size = dice.choice([1, 7, 4093, 65537, 262147, 1048573])
            out.write(data[at:at + size])
            at += size
            time.sleep(dice.choice([0, 0, 0.001, 0.01]))


@test
def a_file_that_grows_in_odd_chunks_gives_what_the_whole_file_gives():
    generate('--seed', 59)
    wanted = spikes(*SPAN)
    with open('clicks.json', 'rb') as lines:
        data = lines.read()
    with open('growing.json', 'wb') as out:
        out.write(data[:1000])
    command = [SPIKES, '--quiet', '--follow', '--idle', 'end', '--idle-after', '2s', *SPAN,
               '--out', 'followed.json', 'growing.json']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True) as job:
        append(data[1000:], 'growing.json')
        out, err = job.communicate(timeout=100)
    assert job.returncode == 0, out + err
    equal(in_order(read('followed.json')), wanted)


main()
