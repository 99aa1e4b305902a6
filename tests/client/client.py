"""Makes a Python client of the service's OpenAPI document and asks every route by it; answers are what JSON says."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

# The text of metrics has a type of its own, which the generator does not know.
CONFIG = """\
package_name_override: sagebrush_client
project_name_override: sagebrush-client
post_hooks: []
content_type_overrides:
  application/openmetrics-text: text/plain
"""


def log(folder: Path) -> None:
    rows = [f"u{u},i{(u + 3 * s) % 20},{1_600_000_000 + 50 * u + s}" for u in range(40) for s in range(6)]
    (folder / "log.csv").write_text("user_id,item_id,timestamp\n" + "\n".join(rows))
    items = [f"i{i},Film {i},{'Comedy|Drama' if i % 2 else 'Horror'}" for i in range(20)]
    (folder / "items.csv").write_text("item_id,title,genres\n" + "\n".join(items))


def plain(url: str):
    with urllib.request.urlopen(url) as answer:
        return json.load(answer)


def check(url: str) -> None:
    from sagebrush_client import Client, models
    from sagebrush_client.api.catalogue import about, item, items, user, users
    from sagebrush_client.api.interactions import take
    from sagebrush_client.api.lists import of_histories, of_user, of_users, similar
    from sagebrush_client.api.service import health, ready, version

    client = Client(base_url=url, raise_on_unexpected_status=True)
    run = plain(f"{url}/version")["run"]
    for route in (health, ready, version):
        assert route.sync(client=client).run == run
    known = about.sync(client=client)
    assert (known.users, known.items) == (40, 20) and known.to_dict() == plain(f"{url}/v1/catalogue")
    found = items.sync(client=client, query="film 1", limit=3)
    assert found.to_dict() == plain(f"{url}/v1/items?query=film+1&limit=3") and len(found.items) == 3
    assert users.sync(client=client, query="u39").users[0].user == "u39"
    assert item.sync("i3", client=client).title == "Film 3"
    assert user.sync("u1", client=client).total == 6
    asked = {"k": 4, "category": "Comedy", "exclude": ["i1"], "explain": 2}
    listed = of_user.sync("u1", client=client, **asked)
    query = "k=4&category=Comedy&exclude=i1&explain=2"
    assert listed.to_dict() == plain(f"{url}/v1/users/u1/recommendations?{query}") and listed.items
    near = similar.sync("i3", client=client, k=2)
    assert [place.rank for place in near.items] == [1, 2] and near.item == "i3"
    filters = models.Filters.from_dict({"k": 3})
    batch = of_users.sync(client=client, body=models.Users.from_dict({"users": ["u1", 7], "filters": {"k": 3}}))
    assert [one.user for one in batch.lists] == ["u1", "7"] and filters.k == 3
    new = of_histories.sync(client=client, body=models.Histories.from_dict({"histories": [["i1", "i4"], []], "filters": {"k": 3}}))
    assert len(new.lists) == 2 and new.run == run
    taken = take.sync(client=client, body=models.Interactions.from_dict({"interactions": [{"user": "n", "item": "i1"}]}))
    assert taken.accepted == 1
    refused = of_user.sync_detailed("u1", client=client, k=0)
    assert refused.status_code == 422 and refused.parsed.error == "`k` is 0"
    missing = item.sync("none", client=client)
    assert isinstance(missing, models.Fault)


def main() -> None:
    program = sys.argv[1]
    environment = {**os.environ, "SAGEBRUSH_LEDGER": "off"}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        log(folder)
        train = [program, "train", "log.csv", "--items", "items.csv", "--model", "item-knn", "--split", "random", "--out", "run", "-q"]
        subprocess.run(train, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
        service = subprocess.Popen([program, "serve", "--run", "run", "--port", "0"], cwd=folder, stdout=subprocess.PIPE, text=True)
        try:
            url = service.stdout.readline().split()[2].rstrip(",")
            with urllib.request.urlopen(f"{url}/openapi.json") as answer:
                (folder / "openapi.json").write_bytes(answer.read())
            (folder / "config.yml").write_text(CONFIG)
            make = ["openapi-python-client", "generate", "--path", "openapi.json", "--config", "config.yml", "--output-path", "client", "--fail-on-warning"]
            subprocess.run(make, cwd=folder, check=True)
            sys.path.insert(0, str(folder / "client"))
            check(url)
            print("a client made of /openapi.json asks every route")
        finally:
            service.terminate()
            service.wait()


main()
