"""Checks that a suite goes on after, and waiting for what comes soon."""
import time

from forebay_server import SqlError

SECONDS_MAX = 60
failures = []  # names of the checks that failed


class Failure(Exception):
    """What was found is not what must be there: the suite ends."""


def check(name, ok, detail=""):
    print(("ok      " if ok else "FAILED  ") + name, flush=True)
    if not ok:
        failures.append(name)
        print(detail, flush=True)


def check_equal(name, expected, actual):
    check(name, expected == actual, f"expected {expected}\ngot      {actual}")


def check_query(server, name, select, expected):
    """The query gives these rows, at once or soon."""
    check_equal(name, expected, wait_for(lambda: server.query(select), expected))


def check_refused(server, name, statement, text):
    """The statement's error says this."""
    try:
        server.sql(statement)
        check_equal(name, text, "no error")
    except SqlError as error:
        check(name, text in str(error), error)


def check_action(name, action, *errors):
    """The action raises none of these errors, nor AssertionError."""
    try:
        action()
    except (AssertionError, *errors) as error:
        check(name, False, error)
    else:
        check(name, True)


def wait_for(question, expected=True, seconds=SECONDS_MAX, errors=()):
    """The last answer: `question` is asked until it is `expected`, or for so long. Raising one of `errors` is an answer, too."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = question()
        except errors as error:
            answer = error
        if answer == expected or time.monotonic() > deadline:
            return answer
        time.sleep(0.05)
