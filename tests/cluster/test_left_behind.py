"""What owners of before left in a batch's folder: the next owner of a person, or the end of the batch, deletes it, and nothing else."""

from __future__ import annotations

from engine.batch.batch_folder import BatchOptions
from engine.cluster import people
from engine.cluster.people import LeasedPerson, LentBatch
from engine.cluster.shared_folder import lying, make_ready
from tests.cluster.lent import some_people

PERSON = LeasedPerson(5, "R5", "acme/one", b"", "{}", 1, "b", 7, "people/R5/acme.one+3", ("people/R5/acme.one+1",), "work/5.4")


def test_an_owner_deletes_what_older_tokens_left_of_a_person_and_takes_over_what_was_kept(tmp_path):
    """Newer ones are another owner's; other people, other connections and what is named stay."""
    for name in ("work/5.4", "work/5.6", "work/5.8", "work/55.6", "work/15.6", "people/R5/acme.one+1", "people/R5/acme.one+2"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("people/R5/acme.one+3", "people/R5/acme.one+9", "people/R5/acme.two+2", "people/R5/acme.one", "people/R55/acme.one+2"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "people/R5/acme.one+5.tar").touch()
    (tmp_path / "work/5.4/it").touch()
    make_ready(LentBatch("b", str(tmp_path), BatchOptions(), 1.0, b"", "acme", None, None, ""), PERSON)
    assert lying(tmp_path) == {
        *("work/5.7", "work/5.8", "work/55.6", "work/15.6", "people/R5/acme.one+1", "people/R5/acme.one+3", "people/R5/acme.one+9"),
        *("people/R5/acme.two+2", "people/R55/acme.one+2"),
    }
    assert (tmp_path / "work/5.7/it").is_file()
    assert (tmp_path / "people/R5/acme.one").is_dir()


async def test_when_nobody_is_left_what_no_row_names_is_deleted(team, workers, tmp_path):
    """Such as what a worker put in place and was killed before it could say so, after another had asked for the same person."""
    team.connect("one")
    folder = tmp_path / "batch"
    team.lend(folder, some_people(3, "one"))
    (folder / "work").mkdir()
    (folder / "work" / "12").mkdir()
    for name in ("work/77.1", "people/R000/acme.one+99", "people/R001/acme.one+99.tar", "people/R002/acme.one"):
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
