# SPDX-License-Identifier: Apache-2.0
"""What the tests of the main job share: running its programs, TAP, and the rule written naively."""
import collections
import datetime
import json
import os
import subprocess
import sys
import tempfile
import traceback

GENERATE, SPIKES, CHECK, EXAMPLE = [os.path.abspath(path) for path in sys.argv[1:5]]
SMALL = ['--events', '300000', '--hours', '8', '--products', '100', '--disordered', '0.5']
MINUTE = 60
TESTS = []


def test(function):
    """Marks a test; its name is a sentence."""
    TESTS.append(function)
    return function


def main():
    """Runs every test in a folder of its own and prints TAP."""
    failed = 0
    print(f'1..{len(TESTS)}', flush=True)
    for number, function in enumerate(TESTS, 1):
        with tempfile.TemporaryDirectory(prefix='trendmart-') as folder:
            os.chdir(folder)
            try:
                function()
                print(f'ok {number} - {function.__name__}', flush=True)
            except Exception:  # a test fails by any exception
                failed += 1
                print(f'not ok {number} - {function.__name__}', flush=True)
                for line in traceback.format_exc().splitlines():
                    print('# ' + line, flush=True)
            os.chdir('/')
    sys.exit(1 if failed else 0)


def run(*command, status=0):
    """Runs a program to its end, which must come with `status`."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True,
                          timeout=200, check=False)
    if done.returncode != status:
        raise AssertionError(f'{command} ended with {done.returncode}, wanted {status}:\n'
                             f'{done.stdout[-2000:]}\n{done.stderr[-2000:]}')
    return done


def generate(*options, out='clicks.json', truth='truth.json', small=True):
    """Makes a clickstream and its truth; returns the lines of the truth."""
    run(GENERATE, *(SMALL if small else []), *options, '--out', out, '--truth', truth)
    return read(truth)


def read(path):
    """The objects of a file of JSON lines."""
    with open(path, encoding='utf-8') as lines:
        return [json.loads(line) for line in lines]


def spikes(*options, path='clicks.json', out='episodes.json'):
    """Runs the job; returns its episodes in one order."""
    run(SPIKES, '--quiet', '--out', out, *options, path)
    return in_order(read(out))


def in_order(episodes):
    """Episodes without what differs from run to run."""
    known = ('measure', 'kind', 'product', 'first', 'last', 'peak', 'count', 'alerts', 'bar')
    return sorted(tuple(str(e[name]) for name in known) for e in episodes)


def seconds(text):
    """RFC 3339 as seconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp()


def text_of(minute):
    """The end of a window as the job writes it."""
    at = datetime.datetime.fromtimestamp(minute * MINUTE, datetime.timezone.utc)
    return at.strftime('%Y-%m-%dT%H:%M:%SZ')


class Rule:
    """The rule of docs/guide/spikes.md, window by window, as plainly as it can be said."""

    def __init__(self, window=10, baseline=6, factor=3, count_min=60, drop_factor=4,
                 baseline_min=100):
        self.window, self.baseline, self.factor = window, baseline, factor
        self.count_min, self.drop_factor, self.baseline_min = count_min, drop_factor, baseline_min

    def kind(self, count, before):
        """What a count against those before it is, if anything."""
        mean = sum(before) / self.baseline
        if count >= self.count_min and count * self.baseline >= self.factor * sum(before):
            return 'spike'
        if mean >= self.baseline_min and count * self.drop_factor * self.baseline <= sum(before):
            return 'drop'
        return None

    def alerts(self, counts, first, last):
        """(end, kind, count, mean) of each window that fires; `counts` by the window's end."""
        for end in range(first + (self.baseline + 1) * self.window, last + 1):
            before = [counts.get(end - back * self.window, 0)
                      for back in range(1, self.baseline + 1)]
            count = counts.get(end, 0)
            kind = self.kind(count, before)
            if kind:
                yield end, kind, count, sum(before) / self.baseline

    def episodes(self, counts, first, last):
        """Alerts joined: dicts as in the job's output, times in minutes."""
        episode = None
        for end, kind, count, mean in self.alerts(counts, first, last):
            factor = count / max(mean, 1)
            if not episode or episode['kind'] != kind or end > episode['last'] + self.window:
                if episode:
                    yield episode
                episode = {'kind': kind, 'first': end, 'last': end, 'alerts': 0, 'factor': None}
            known = episode['factor']
            if known is None or (factor > known if kind == 'spike' else factor < known):
                episode.update(peak=end, count=count, baseline=mean, factor=factor)
            episode['last'] = end
            episode['alerts'] += 1
        if episode:
            yield episode


def window_counts(events, window=10, distinct=False):
    """{product: {end of window: count}} of events (seconds, product, session), one by one."""
    seen = collections.defaultdict(lambda: collections.defaultdict(list))
    for at, product, session in events:
        minute = int(at // MINUTE)
        for end in range(minute + 1, minute + window + 1):
            seen[product][end].append(session)
    return {product: {end: len(set(sessions)) if distinct else len(sessions)
                      for end, sessions in ends.items()} for product, ends in seen.items()}


def naive(events, kinds=(('views', 'view'), ('sales', 'purchase')), distinct=False, dropped=None):
    """Episodes of a list of events (dicts), as spikes() gives them but for the bar."""
    first = int(seconds(events[0]['at']) // MINUTE)
    last = int(max(seconds(e['at']) for e in events) // MINUTE)
    found = []
    for measure, kind in kinds:
        chosen = [(seconds(e['at']), e['product'], e['session'])
                  for e in events if e['event'] == kind]
        counts = window_counts(chosen, distinct=distinct)
        for (product, end), lost in (dropped or {}).get(measure, {}).items():
            counts[product][end] -= lost
        for product, ends in counts.items():
            for episode in Rule().episodes(ends, first, last):
                found.append((measure, episode['kind'], product, text_of(episode['first']),
                              text_of(episode['last']), text_of(episode['peak']),
                              str(episode['count']), str(episode['alerts'])))
    return sorted(found)


def without_bar(episodes):
    """What naive() can be compared with."""
    return sorted(e[:-1] for e in episodes)


def equal(a, b, what=''):
    """Fails with the first differences."""
    if a != b:
        only_a = [x for x in a if x not in b] if isinstance(a, list) else a
        only_b = [x for x in b if x not in a] if isinstance(b, list) else b
        raise AssertionError(f'{what}: {str(only_a)[:1500]} against {str(only_b)[:1500]}')
