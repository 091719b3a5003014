"""Every case of the table, as one test each."""

from concurrent.futures import Future

import pytest

from tests.clients.case import Case
from tests.clients.page import PAGE, page
from tests.clients.table import CASES, PENDING

SECONDS_FOR_ALL = 600  # the first test waits for all cases
pytestmark = pytest.mark.timeout(SECONDS_FOR_ALL)


def parameter(case: Case):
    reason = PENDING.get(case.id)
    marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
    return pytest.param(case, id=case.id, marks=marks)


@pytest.mark.parametrize("case", map(parameter, CASES))
def test_client(case: Case, outcomes: dict[str, Future[None]]):
    outcomes[case.id].result()


def test_pending_cases_exist():
    assert set(PENDING) <= {case.id for case in CASES}


def test_ids_are_unique():
    assert len({case.id for case in CASES}) == len(CASES)


def test_the_page_is_that_of_the_table():
    """After a change of a case: python -m tests.clients.page."""
    assert PAGE.read_text() == page()
