"""Places are bounded, given back on every path, and quiet means quiet."""

import asyncio

import pytest

from tradewind.servers.admission import Admission
from tradewind.servers.errors import Refusal
from tradewind.servers.metrics import exposition, make_metrics


async def test_more_than_the_limit_is_refused_with_retry_after():
    admission = Admission(2)
    with admission.admit(), admission.admit(), pytest.raises(Refusal) as caught, admission.admit():
        pass
    assert caught.value.status == 503
    assert caught.value.headers == {"Retry-After": "1"}
    assert "2 requests are in flight, the limit of this replica" in caught.value.message
    assert (admission.in_flight, admission.refused) == (0, 1)


async def test_a_place_is_given_back_when_the_request_fails():
    admission = Admission(1)
    for _ in range(2):
        with pytest.raises(RuntimeError), admission.admit():
            raise RuntimeError
    assert admission.in_flight == 0


async def test_quiet_waits_for_the_request_in_flight_and_for_the_one_after_it():
    admission = Admission(2)
    quiet = asyncio.create_task(admission.until_quiet(0.05))
    with admission.admit():
        await asyncio.sleep(0.1)
        assert not quiet.done()
    await asyncio.sleep(0.01)
    with admission.admit():
        await asyncio.sleep(0.1)
        assert not quiet.done()
    await asyncio.wait_for(quiet, 5)


async def test_the_counts_are_metrics():
    admission = Admission(1)
    metrics = make_metrics("iris", admission)
    with admission.admit(), pytest.raises(Refusal), admission.admit():
        pass
    with admission.admit():
        text = exposition(metrics, "")[0].decode()
    assert 'tradewind_requests_in_flight{model_name="iris"} 1.0' in text
    assert 'tradewind_requests_in_flight_limit{model_name="iris"} 1.0' in text
    assert 'tradewind_requests_refused_total{model_name="iris"} 1.0' in text


def test_upstreams_histograms_are_there_from_the_start():
    metrics = make_metrics("iris", Admission(1))
    text = exposition(metrics, "application/openmetrics-text")[0].decode()
    for step in ("preprocess", "predict", "postprocess", "explain"):
        assert f'request_{step}_seconds_count{{model_name="iris"}} 0.0' in text
