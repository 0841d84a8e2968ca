"""Foreign text made safe for one line of a message, for Markdown, and for GitHub's commands."""

import re

TITLE_MAX, WHY_MAX, LINE_MAX = 200, 300, 1000  # characters


def one_line(text, most=WHY_MAX):
    """The text on one line: runs of blanks are one, what does not print is escaped, and it is cut
    after `most` characters."""
    text = " ".join(text.split())
    text = "".join(c if c.isprintable() else escaped(c) for c in text)
    return text if len(text) <= most else text[: most - 3] + "..."


def escaped(c):
    return c.encode("unicode_escape").decode("ascii")


def size(text):
    """Bytes of UTF-8, which are what limits count."""
    return len(text.encode("utf-8", "backslashreplace"))


def longest_run(text):
    return max((len(run) for run in re.findall("`+", text)), default=0)


def code(text):
    """As a code span of Markdown, where nothing has a meaning but backticks."""
    if not text:
        return ""
    fence = "`" * (longest_run(text) + 1)
    padding = " " if "`" in (text[0], text[-1]) else ""
    return f"{fence}{padding}{text}{padding}{fence}"


def code_block(text, indent):
    fence = "`" * max(3, longest_run(text) + 1)
    return "".join(f"{indent}{line}\n" for line in (fence, text, fence))


def cell(text):
    """As a code span in a table of Markdown, whose columns a bar ends even there."""
    return code(text).replace("|", "\\|")


def command_data(text):
    """As the message of a GitHub workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text):
    """As the value of a workflow command's property."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")
