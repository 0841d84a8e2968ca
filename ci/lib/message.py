"""The message of a patch set: what the legs came to, as plain text and as Markdown.

A message keeps to its limit. What is left out is counted, leg by leg; findings are taken in turns
from the legs, NEW ones first, so that no leg hides another's.
"""

from collections import Counter
from dataclasses import dataclass
from itertools import zip_longest

from legs import FAILURE, INFRA, SUCCESS
from text import LINE_MAX, TITLE_MAX, cell, code, code_block, one_line, size

COUNTED = ("failed", "skipped", "xfailed")
FIXED_SHOWN = 10


@dataclass
class Judgement:
    legs: list
    fixed: list = ()  # findings of the baseline
    compared: bool = False

    @property
    def status(self):
        seen = {leg.status for leg in self.legs}
        if FAILURE in seen:
            return FAILURE
        return INFRA if INFRA in seen or not seen else SUCCESS

    @property
    def vote(self):
        return 1 if self.status == SUCCESS else -1

    @property
    def seconds(self):
        return sum(leg.seconds for leg in self.legs)

    def share(self, leg):
        return f"{100 * leg.seconds / self.seconds:.0f} %" if self.seconds else "-"

    def findings(self):
        return [finding for leg in self.legs for finding in leg.findings]

    def totals(self):
        """How many legs ended how, and what changed."""
        counts = Counter(leg.status for leg in self.legs)
        told = [f"{counts[status]} {status}" for status in (SUCCESS, FAILURE, INFRA)]
        legs = "leg" if len(self.legs) == 1 else "legs"
        lines = [f"{len(self.legs)} {legs} in {duration(self.seconds)}: {', '.join(told)}"]
        if self.compared:
            marks = Counter(finding.mark for finding in self.findings())
            lines.append(f"against the baseline: {marks['NEW']} NEW, {marks['STILL']} STILL, "
                         f"{len(self.fixed)} FIXED")
        return lines


def duration(seconds):
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes else f"{seconds:.1f} s"


def counted(leg):
    """The leg's counts; a flaky failure is rare enough to be told only where there is one."""
    words = [f"{leg.counts['tests']} tests"]
    words += [f"{leg.counts[outcome]} {outcome}" for outcome in COUNTED]
    words += [f"{leg.counts['flaky']} flaky"] if leg.counts["flaky"] else []
    return ", ".join(words)


def title(finding):
    return one_line(finding.case.title, TITLE_MAX)


def place(finding):
    return f" [{one_line(finding.case.place, TITLE_MAX)}]" if finding.case.place else ""


def took(finding):
    """A step or a report has no time of its own."""
    return f" ({finding.case.ms} ms)" if finding.report else ""


def why(finding):
    case = finding.case
    return one_line(f"{case.kind}: {case.why}" if case.kind else case.why)


def where(finding):
    case = finding.case
    return one_line(f"{case.file}:{case.line}" if case.line else case.file, TITLE_MAX)


def again(finding):
    """The command line; one that is too long is no use cut off."""
    line = one_line(finding.reproduce, LINE_MAX + 1)
    return line if len(line) <= LINE_MAX else f"see {finding.leg}/{finding.report}"


class Text:
    """Plain text, as people and Gerrit read it."""

    def head(self, judged):
        return "\n".join([f"Verified {judged.vote:+d}", "", *judged.totals()]) + "\n"

    def leg(self, judged, leg):
        return (f"\n{leg.status:<7}  {one_line(leg.name)}  {counted(leg)}  "
                f"{duration(leg.seconds)}  {judged.share(leg)}\n")

    def finding(self, f):
        lines = [why(f), where(f), f"reproduce  {again(f)}"]
        number = f"{f.number:>3}. "
        mark = f"{f.mark}  " if f.mark else ""
        return (f"{number}{mark}{title(f)}{place(f)}{took(f)}\n"
                + "".join(f"     {line}\n" for line in lines if line))

    def left_out(self, n):
        return f"     {n} more left out\n"

    def fixed(self, findings, more):
        lines = [f"  {title(f)}{place(f)}  {one_line(f.leg)}\n" for f in findings]
        return "\nFIXED\n" + "".join(lines) + (f"  and {more} more\n" if more else "")

    def cut(self, n):
        return f"{n} lines left out\n"


class Markdown:
    def head(self, judged):
        rows = [f"| {cell(one_line(leg.name))} | {leg.status} | {leg.counts['tests']} | "
                + " | ".join(str(leg.counts[outcome]) for outcome in COUNTED)
                + f" | {duration(leg.seconds)} | {judged.share(leg)} |\n" for leg in judged.legs]
        return (f"## Verified {judged.vote:+d}\n\n" + "  \n".join(judged.totals())
                + "\n\n| leg | result | tests | failed | skipped | xfailed | time | share |\n"
                + "|---|---|--:|--:|--:|--:|--:|--:|\n" + "".join(rows))

    def leg(self, judged, leg):
        return f"\n### {leg.status} {code(one_line(leg.name))}\n\n" if leg.findings else ""

    def finding(self, f):
        spans = [code(why(f)), code(where(f))]
        mark = f"{f.mark} " if f.mark else ""
        return (f"- **{f.number}.** {mark}{code(title(f) + place(f))}{took(f)}  \n"
                + "".join(f"  {span}  \n" for span in spans if span)
                + code_block(again(f), "  "))

    def left_out(self, n):
        return f"- {n} more left out\n"

    def fixed(self, findings, more):
        lines = [f"- {code(title(f) + place(f))} {code(one_line(f.leg))}\n" for f in findings]
        return "\n### FIXED\n\n" + "".join(lines) + (f"- and {more} more\n" if more else "")

    def cut(self, n):
        return f"\n{n} lines left out\n"


def taken(legs, form, room):
    """The numbers of the findings that fit into so many bytes."""
    numbers = set()
    for turn in zip_longest(*(sorted(leg.findings, key=lambda f: f.mark == "STILL")
                              for leg in legs)):
        for finding in filter(None, turn):
            if (n := size(form.finding(finding))) <= room:
                room -= n
                numbers.add(finding.number)
    return numbers


def cut(text, form, limit):
    """The text's first lines, when even what must be said is longer than the limit."""
    if size(text) <= limit:
        return text
    lines = text.splitlines(keepends=True)
    kept, room = [], limit - size(form.cut(len(lines)))
    for line in lines:
        room -= size(line)
        if room < 0:
            break
        kept.append(line)
    return "".join(kept) + form.cut(len(lines) - len(kept))


def compose(judged, form, limit):
    """The whole message, of at most `limit` bytes."""
    head = form.head(judged)
    fixed = ""
    if judged.fixed:
        fixed = form.fixed(judged.fixed[:FIXED_SHOWN], max(0, len(judged.fixed) - FIXED_SHOWN))
    heads = [form.leg(judged, leg) for leg in judged.legs]
    frame = head + "".join(heads) + fixed
    frame += "".join(form.left_out(len(leg.findings)) for leg in judged.legs if leg.findings)
    numbers = taken(judged.legs, form, limit - size(frame))
    text = head
    for leg, leg_head in zip(judged.legs, heads):
        shown = [form.finding(f) for f in leg.findings if f.number in numbers]
        text += leg_head + "".join(shown)
        if left := len(leg.findings) - len(shown):
            text += form.left_out(left)
    return cut(text + fixed, form, limit)
