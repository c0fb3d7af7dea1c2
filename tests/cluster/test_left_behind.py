"""What owners of before left in a batch's folder is deleted when the batch has ended, and nothing else."""

from __future__ import annotations

from engine.cluster import people
from engine.cluster.shared_folder import lying
from tests.cluster.lent import some_people


async def test_when_nobody_is_left_what_no_row_names_is_deleted(team, workers, tmp_path):
    """Such as what a worker put in place and was killed before it could say so, after another had asked for the same person."""
    team.connect("one")
    folder = tmp_path / "batch"
    team.lend(folder, some_people(3, "one"))
    (folder / "work").mkdir()
    (folder / "work" / "12").mkdir()
    for name in ("work/77.1", "people/R000/acme.one+99", "people/R001/acme.one+99.tar", "people/R001/acme.one+1.2", "people/R002/acme.one"):
        (folder / name).mkdir(parents=True)
    async with workers():
        await workers.until_done()
    assert lying(folder) == {place for (place,) in team.sql("select folder from person")}
    assert (folder / "people/R002/acme.one").is_dir()
    assert [one.name for one in (folder / "work").iterdir()] == ["12"]


async def test_of_a_batch_that_was_taken_back_nothing_is_deleted(bare, pool, tmp_path):
    """Its rows are gone, so that they name nothing."""
    bare.sql("insert into connection (name, account) values ('acme/one', 'acme/one')")
    batch = bare.lend(tmp_path / "batch", some_people(1, "one"))
    bare.sql("update person set folder = 'people/R000/acme.one+1', earlier = '{people/R000/acme.one+0}', state = 'running', token = 3")
    number = bare.sql("select id from person")[0][0]
    made = {f"work/{number}.3", "people/R000/acme.one+3", "people/R000/acme.one+3.tar"}
    assert await people.named(pool, batch) == {"people/R000/acme.one+1", "people/R000/acme.one+0", *made}
    bare.sql("delete from batch")
    assert await people.named(pool, batch) is None
