# SPDX-License-Identifier: Apache-2.0
"""The job on published data: the stories that are known to be in it."""
from harness import EXAMPLE, SPIKES, main, read, run, test

ECOM = EXAMPLE + '/data/ecom.csv.gz'
KINDS = ['--time-field', 'timestamp', '--product-field', 'event', '--event-field', 'unused',
         '--views', '', '--no-sales', '--from', '2024-01-04', '--until', '2024-06-30']


def ecom(*options):
    run(SPIKES, '--quiet', *KINDS, *options, '--out', 'found.json', ECOM)
    return read('found.json')


@test
def payment_errors_of_may_20_and_21_are_a_spike():
    found = ecom('--window', '1d', '--slide', '1d', '--baseline', '7', '--min-count', '10',
                 '--drop-factor', '0', '--cooldown', '1d')
    errors = [e for e in found if e['product'] == 'payment_error']
    assert len(errors) == 1, errors
    assert errors[0]['first'] == '2024-05-21T00:00:00Z', errors  # ends of the days
    assert errors[0]['last'] == '2024-05-22T00:00:00Z', errors
    assert errors[0]['count'] == 15 and errors[0]['alerts'] == 2, errors
    assert sum(e['alerts'] for e in found) == 15, found


@test
def what_is_new_and_stays_is_the_checkout_bug_and_the_payment_error():
    found = ecom('--window', '7d', '--slide', '1d', '--baseline', '4', '--min-count', '5',
                 '--fresh', '--drop-factor', '0', '--cooldown', '1d')
    assert {e['product'] for e in found} == {'checkout_bug', 'payment_error'}, found
    bug = [e for e in found if e['product'] == 'checkout_bug']
    assert len(bug) == 1 and '2024-04-13' < bug[0]['first'] < '2024-05-10', bug


@test
def the_script_for_published_data_prints_every_alert():
    done = run(EXAMPLE + '/spikes/published.sh', SPIKES, ECOM)
    assert 'payment_error' in done.stdout and 'checkout_bug' in done.stdout, done.stdout


main()
