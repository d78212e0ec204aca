"""Keys are kept out of what is said, in whatever disguise they come."""

import json
from base64 import b64encode, urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repunet.models.redaction import redacted

KEY = "sk-Canary_0123+/abc"
SPELT = (
    str,
    str.upper,
    str.lower,
    lambda sign: f"\\u{ord(sign):04x}",
    lambda sign: f"\\u{ord(sign):04X}",
    lambda sign: f"\\\\u{ord(sign):04x}",
    lambda sign: f"\\x{ord(sign):02x}",
    lambda sign: f"%{ord(sign):02X}",
    lambda sign: f"%25{ord(sign):02x}",
    lambda sign: f"&#{ord(sign)};",
    lambda sign: f"&#x{ord(sign):x};",
    lambda sign: f"\\{sign}",
    lambda sign: chr(ord(sign) + 0xFEE0),
)
SPLIT = ("", "", "", "\u200b", "\u2060", "\ufeff", "\u00ad", "\n", " ", "\\n", "\u202e")


@given(
    st.lists(st.tuples(st.sampled_from(SPELT), st.sampled_from(SPLIT)), min_size=19, max_size=19)
)
def test_a_key_is_found_however_its_letters_are_written_and_split(ways: list[tuple]) -> None:
    said = "".join(spell(sign) + split for sign, (spell, split) in zip(KEY, ways, strict=True))
    for text in (
        said,
        f"It is {said}!",
        json.dumps({"reason": said}),
        json.dumps(said, ensure_ascii=False),
    ):
        kept = redacted(text, KEY)
        assert "[key]" in kept
        assert not any(spell(KEY[9:12]) in kept for spell in (str, str.upper))


@given(st.binary(max_size=7), st.binary(max_size=7))
def test_a_key_is_found_in_whatever_is_encoded_with_it(before: bytes, after: bytes) -> None:
    for encode in (b64encode, urlsafe_b64encode):
        kept = redacted(encode(before + KEY.encode() + after).decode(), KEY)
        assert "[key]" in kept


@pytest.mark.parametrize("said", [KEY.encode().hex(), KEY.encode().hex(":").upper(), quote(KEY)])
def test_a_key_is_found_in_hexadecimal_digits_and_in_urls(said: str) -> None:
    assert redacted(f"<{said}>", KEY) == "<[key]>"


@given(st.text())
def test_what_is_no_key_stays_as_it_is(text: str) -> None:
    assert redacted(text, KEY, "short", "") == text


def test_a_key_that_is_a_word_is_not_looked_for_in_other_spellings() -> None:
    said = "The password is PASSWORD, pass word, or p\u200bassword."
    assert redacted(said, "password") == said.replace("password", "[key]", 1)


def test_a_long_text_is_searched_in_little_time() -> None:
    for text in ("s" * 10**5, "s\\" * 10**5, "sk-Canary_0123+/ab" * 10**4, "\u200b" * 10**5):
        assert redacted(text, KEY) == text
