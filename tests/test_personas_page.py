"""The page about the format of people is true of what reads them."""

import json
import re
from pathlib import Path

from repunet.world.persona import Disposition
from repunet.world.persona_files import read_personas
from repunet.world.population import FIELDS, LONGEST_NAME

PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "personas.md").read_text("utf-8")


def test_the_example_of_the_page_is_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "people.json"
    path.write_text(example, "utf-8")
    ada, bo = read_personas(path, "investment")
    assert (ada.age, ada.country, ada.disposition) == (41, "Norway", Disposition.PROSOCIAL)
    assert bo.description("investment", "trustee").endswith("You return what you promised.")
    assert (
        read_personas(path, "pd")[0].description("pd")
        == json.loads(example)["people"][0]["description"]
    )


def test_the_page_names_every_field_and_its_bounds() -> None:
    table = PAGE.partition("| field |")[2]
    assert [name for name in FIELDS if f"`{name}`" not in table] == []
    assert f"{LONGEST_NAME} characters" in table
    words = [each.value.replace("_", "-") for each in Disposition]
    assert [word for word in words if f"`{word}`" not in table] == []
