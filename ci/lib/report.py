"""Writes what a tool found as a JUnit report, a case for each thing that it looked at."""

import os
import re
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0
LONGEST = 200  # characters of a message


@dataclass(frozen=True)
class Result:
    name: str
    seconds: float = 0.0
    failure: str = ""  # what is wrong; its first line says it in short


def clean(text):
    return FORBIDDEN.sub(lambda m: f"\\x{ord(m[0]):02x}", text)


def write(path, tool, results):
    """Whole or not at all."""
    failed = sum(1 for result in results if result.failure)
    root = ElementTree.Element("testsuites")
    suite = ElementTree.SubElement(root, "testsuite", name=tool, tests=str(len(results)),
                                   failures=str(failed), errors="0", skipped="0")
    for result in results:
        case = ElementTree.SubElement(suite, "testcase", classname=tool, name=clean(result.name),
                                      time=f"{result.seconds:.3f}")
        if result.failure:
            text = clean(result.failure)
            message = text.strip().splitlines()[0][:LONGEST]
            ElementTree.SubElement(case, "failure", message=message, type=tool).text = text
    path = Path(path)
    beside = path.with_name(path.name + ".new")
    ElementTree.ElementTree(root).write(beside, encoding="utf-8", xml_declaration=True)
    os.replace(beside, path)
