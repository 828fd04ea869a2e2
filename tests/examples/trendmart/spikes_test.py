# SPDX-License-Identifier: Apache-2.0
"""The job on whole files: it finds what is there, all of it and nothing else."""
import json

from harness import (CHECK, SPIKES, equal, generate, main, naive, read, run, spikes, test,
                     without_bar)


@test
def twenty_seeds_are_found_to_the_last_spike():
    for seed in range(101, 121):
        generate('--seed', seed)
        spikes()
        said = run(CHECK, 'episodes.json', 'truth.json').stdout
        assert said.endswith(
            'spikes 12/12, near-spikes silent 12/12, false alarms 0, missed 0\n'), said


@test
def a_spike_that_is_in_the_truth_but_not_in_the_data_is_missed():
    generate('--seed', 21, '--leave-out', 3)
    spikes()
    said = run(CHECK, 'episodes.json', 'truth.json', status=1).stdout
    assert 'spikes 11/12' in said and 'missed 1' in said, said


@test
def episodes_equal_the_rule_written_window_by_window():
    for seed in (31, 32):
        generate('--seed', seed)
        equal(without_bar(spikes()), naive(read('clicks.json')), f'seed {seed}')


@test
def distinct_sessions_equal_the_rule_over_sessions():
    generate('--seed', 33)
    found = spikes('--distinct')
    equal(without_bar(found), naive(read('clicks.json'), distinct=True))
    equal(spikes('--distinct', '--stream', '--speed', '1e7'), found)


@test
def one_worker_and_many_find_the_same():
    generate('--seed', 34)
    one = spikes('--workers', 1)
    for workers in (2, 3, 8):
        equal(spikes('--workers', workers), one, f'{workers} workers')


@test
def a_product_that_falls_silent_for_good_is_a_drop():
    generate('--seed', 35)
    events = [e for e in read('clicks.json')]
    busiest = max({e['product'] for e in events},
                  key=lambda product: sum(e['product'] == product for e in events))
    events = [e for e in events if e['product'] != busiest or e['at'] < '2026-11-23T05:00']
    with open('silent.json', 'w', encoding='utf-8') as out:
        out.writelines(json.dumps(e) + '\n' for e in events)
    found = spikes(path='silent.json')
    equal(without_bar(found), naive(events))
    drops = [e for e in found if e[1] == 'drop' and e[2] == busiest]
    assert drops and drops[-1][3] > '2026-11-23T05:00', drops


@test
def fields_have_the_names_of_the_users_file():
    generate('--seed', 36)
    wanted = spikes()
    events = read('clicks.json')
    with open('own.csv', 'w', encoding='utf-8') as out:
        out.write('shop,when,sku,what,visitor\r\n')
        for e in events:
            out.write(f'"a, b",{e["at"]},{e["product"]},{e["event"]},{e["session"]}\r\n')
    found = spikes('--time-field', 'when', '--product-field', 'sku', '--event-field', 'what',
                   '--session-field', 'visitor', path='own.csv')
    equal(found, wanted)


@test
def a_dry_run_shows_the_plan_and_reads_a_hundred_rows():
    generate('--seed', 37)
    done = run(SPIKES, '--dry-run', 'clicks.json')
    assert 'views/detect' in done.stdout and '100 rows' in done.stderr, done
    with open('bad.json', 'w', encoding='utf-8') as out:
        out.write('{"at":"2026-11-23T00:00:00Z","product":"hat-1","event":"view"}\n')
        out.write('{"at":"2026-11-23T00:00:01Z","product":12,"event":"view"}\n')
    said = run(SPIKES, '--dry-run', 'bad.json', status=1).stderr
    assert 'bad.json:2' in said and 'product' in said, said


@test
def a_limit_reads_the_first_rows_only():
    generate('--seed', 38)
    with open('clicks.json', encoding='utf-8') as lines:
        head = [next(lines) for _ in range(200000)]
    with open('head.json', 'w', encoding='utf-8') as out:
        out.writelines(head)
    last = max(json.loads(line)['at'] for line in head)
    equal(spikes('--limit', len(head), '--until', last), spikes('--until', last, path='head.json'))


@test
def a_tap_shows_what_passes_a_step():
    generate('--seed', 39)
    for step, word in (('views/count', '"count":'), ('views/detect', '"factor":'),
                       ('join', '"alerts":')):
        done = run(SPIKES, '--quiet', '--tap', step, 'clicks.json')
        lines = [line for line in done.stderr.splitlines() if line.startswith(step + '  ')]
        assert lines and all(word in line for line in lines), done.stderr[:500]
    steps = ['read', 'views/only', 'views/count', 'views/detect', 'sales/only', 'sales/count',
             'join']
    said = run(SPIKES, '--quiet', *(word for step in steps for word in ('--tap', step)),
               'clicks.json').stderr
    shown = {line.split('  ')[0] for line in said.splitlines()}
    assert shown.issuperset(steps), shown


@test
def bad_input_ends_in_a_sentence_that_names_it():
    with open('broken.json', 'w', encoding='utf-8') as out:
        out.write('{"at":"2026-11-23T00:00:00Z","product":"hat-1","event":"view"}\nGET /\n')
    said = run(SPIKES, 'broken.json', status=1).stderr
    assert 'broken.json:2' in said, said
    said = run(SPIKES, '--from', '2026-11-23', 'nowhere.json', status=1).stderr
    assert 'nowhere.json' in said, said
    for option, value in (('--factor', 'much'), ('--window', '10'), ('--from', 'noon')):
        said = run(SPIKES, option, value, 'broken.json', status=2).stderr
        assert f"{option} cannot be '{value}'" in said, said


@test
def every_line_is_accounted_for_when_things_go_wrong():
    generate('--seed', 40, '--broken', 0.01, '--late', 0.01, '--future')
    with open('clicks.json', 'rb') as lines:
        total = sum(1 for _ in lines)
    for mode in ([], ['--workers', 1], ['--stream', '--speed', 1e6]):
        said = run(SPIKES, '--quiet', '--on-error', 'dead-letter', '--disorder', '5s', '--balance',
                   *mode, 'clicks.json').stdout
        assert f'lines {total} = read' in said and 'dropped 1 (future)' in said, said
        assert 'DOES NOT HOLD' not in said, said


@test
def lines_are_counted_as_they_are_read_or_not_at_all():
    generate('--seed', 41)
    with open('clicks.json', encoding='utf-8') as lines:
        clicks = lines.read().splitlines()
    with open('odd.json', 'w', encoding='utf-8') as out:
        out.write('\r\n'.join(['', clicks[0], ' \t', '', *clicks[1:]]))  # and no end of the last
    said = run(SPIKES, '--quiet', '--balance', 'odd.json').stdout
    assert f'lines {len(clicks)} = read {len(clicks)} +' in said, said
    run('gzip', '-k', 'clicks.json')
    for options, word in ((['clicks.json.gz'], 'not compressed'), (['-'], 'one file of JSON'),
                          (['*.json'], 'one file of JSON'), (['x.csv'], 'one file of JSON'),
                          (['--limit', 5, 'clicks.json'], 'the whole file'),
                          (['--follow', 'clicks.json'], 'the whole file')):
        said = run(SPIKES, '--balance', *options, status=2).stderr
        assert word in said, (options, said)


@test
def a_dry_run_of_a_stream_or_a_growing_file_ends():
    generate('--seed', 42)
    with open('clicks.json', encoding='utf-8') as lines:
        head = [next(lines) for _ in range(20)]
    with open('head.json', 'w', encoding='utf-8') as out:
        out.writelines(head)
    for mode in (['--follow'], ['--stream', '--speed', 1]):
        done = run(SPIKES, '--dry-run', *mode, 'head.json')
        assert '20 rows' in done.stderr and 'views/detect' in done.stdout, done


main()
