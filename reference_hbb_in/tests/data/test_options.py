import pytest
from pydantic import ValidationError

from hbb_in.data.options import DataOptions


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"window": {"pt": (900, 300)}}, "pt must rise: 900 is not below 300"),
        ({"window": {"softdrop_mass": (40, 40)}}, "softdrop_mass must rise"),
        ({"pt_hat_min": 400}, "must not exceed the lower edge of window.pt, 300 GeV"),
        ({"graviton_masses": []}, "at least 1 item"),
        ({"graviton_masses": [100]}, "greater than or equal to 500"),
        ({"background_chunks": 0}, "greater than 0"),
        ({"events": 5}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_option_is_refused(change: dict[str, object], expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        DataOptions.model_validate({"background_chunks": 1, "signal_chunks": 1} | change)
