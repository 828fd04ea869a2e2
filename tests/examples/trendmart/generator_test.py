# SPDX-License-Identifier: Apache-2.0
"""The generator keeps its word: same seed same bytes, bounded disorder, exact truth."""
import os
import shutil

from harness import CHECK, GENERATE, SMALL, equal, generate, main, naive, read, run, seconds, test


def shown(truth, kinds=('spike', 'drop')):
    """Lines of the truth as naive() gives them, but for the number of alerts."""
    return sorted((e['measure'], e['kind'], e['product'], e['first'], e['last'], e['peak'],
                   str(e['count'])) for e in truth if e['kind'] in kinds)


@test
def same_seed_gives_the_same_bytes_and_another_seed_others():
    one = run(GENERATE, *SMALL, '--seed', 7).stdout
    assert one == run(GENERATE, *SMALL, '--seed', 7).stdout
    assert one != run(GENERATE, *SMALL, '--seed', 8).stdout


@test
def truth_is_what_the_rule_says_of_the_events():
    for seed in (1, 2, 3):
        truth = generate('--seed', seed)
        found = [e[:-1] for e in naive(read('clicks.json'))]
        equal(shown(truth), found, f'seed {seed}')


@test
def twelve_spikes_and_near_spikes_are_planted_at_the_factors_promised():
    truth = [e for e in generate('--seed', 4) if e['planted']]
    spikes = [e['factor'] for e in truth if e['kind'] == 'spike']
    nears = [e['factor'] for e in truth if e['kind'] == 'near']
    assert len(spikes) == 12 and min(spikes) >= 3.5 and max(spikes) <= 9.1, spikes
    assert len(nears) == 12 and min(nears) >= 2.35 and max(nears) < 3, nears
    assert sum(e['kind'] == 'drop' for e in truth) >= 6


@test
def half_of_the_events_are_out_of_order_by_at_most_the_disorder():
    generate('--seed', 5, '--disorder', 5)
    latest, behind, count = 0, 0, 0
    for event in read('clicks.json'):
        at = seconds(event['at'])
        assert at >= latest - 5, (at, latest)
        behind += at < latest
        latest = max(latest, at)
        count += 1
    assert behind > 0.3 * count, (behind, count)


@test
def a_wish_is_planted_where_it_was_asked_for():
    truth = generate('--seed', 6, '--plant', 'hat-2@03:30×5', '--plant', 'hat-3@d1 02:00x2.5')
    hat = [e for e in truth if e['product'] == 'hat-2' and e['planted']]
    assert any(e['kind'] == 'spike' and 'T03:40' in e['peak'] for e in hat), hat
    assert any(e['product'] == 'hat-3' and e['kind'] == 'near' for e in truth)


@test
def a_wish_that_cannot_be_is_refused_in_a_sentence():
    for wish in ('hat-2', 'hat-2@25:00×5', 'hat-2@03:30', 'hat-2@03:30×many'):
        done = run(GENERATE, *SMALL, '--plant', wish, status=2)
        assert f"--plant cannot be '{wish}'" in done.stderr
    assert 'no product is called' in run(
        GENERATE, *SMALL, '--plant', 'moon-1@03:30×5', status=1).stderr


@test
def mistakes_are_counted_and_leave_the_events_alone():
    done = run(GENERATE, *SMALL, '--broken', 0.01, '--future', '--out', 'clicks.json')
    with open('clicks.json', 'rb') as lines:
        total = sum(1 for _ in lines)
    words = done.stderr.split()
    count = {words[i + 1].strip(','): int(words[i]) for i in range(len(words) - 1)
             if words[i].isdigit()}
    assert count['lines:'] == total
    assert count['future'] == 1 and 2000 < count['broken'] < 5000, count
    assert total == sum(count[k] for k in ('views', 'carts', 'purchases', 'future', 'broken'))


@test
def a_run_that_fails_leaves_no_file():
    run(GENERATE, *SMALL, '--out', 'clicks.json', '--truth', 'nowhere/truth.json', status=1)
    run(GENERATE, *SMALL, '--plant', 'no-such@03:30×5', '--out', 'clicks.json', status=1)
    assert os.listdir('.') == [], os.listdir('.')


@test
def checker_says_yes_to_the_truth_itself_and_no_to_less_or_more():
    generate('--seed', 9)
    with open('truth.json', encoding='utf-8') as lines:
        found = [line for line in lines if '"near"' not in line]
    with open('found.json', 'w', encoding='utf-8') as out:
        out.writelines(found)
    good = run(CHECK, 'found.json', 'truth.json').stdout
    assert 'spikes 12/12, near-spikes silent 12/12, false alarms 0, missed 0' in good, good
    shutil.copy('found.json', 'more.json')
    with open('more.json', 'a', encoding='utf-8') as out:
        out.write(found[0].replace('T0', 'T1'))
    assert 'false alarms 1' in run(CHECK, 'more.json', 'truth.json', status=1).stdout
    with open('less.json', 'w', encoding='utf-8') as out:
        out.writelines(found[1:])
    assert 'missed 1' in run(CHECK, 'less.json', 'truth.json', status=1).stdout
    run(CHECK, 'truth.json', 'truth.json', status=1)
    run(CHECK, 'found.json', 'nowhere.json', status=2)


main()
