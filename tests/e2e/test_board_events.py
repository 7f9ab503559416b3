"""Changes of a board come on the open streams of whoever may see it, and stop when one may not (C24)."""

from tests.e2e.listening import Event, listening
from tests.e2e.running import RunningServer, add_person, command, first_administrator

BOARDS = "/api/v1/boards/"


def is_change(event: Event) -> bool:
    return event.name == "board_changed"


def test_an_open_stream_hears_of_a_board_until_its_person_loses_it(server: RunningServer) -> None:
    ada = first_administrator(server)
    lee = add_person(ada, server, "lee@example.com")
    kim = add_person(ada, server, "kim@example.com")
    team = ada.post(BOARDS, params={"board_name": "Team"}).json()["board_id"]
    kims = kim.post(BOARDS, params={"board_name": "Kim's"}).json()["board_id"]

    with listening(lee) as heard, listening(kim) as stranger:
        share = {"emails": ["lee@example.com"], "permission": "read"}
        ada.post(f"{BOARDS}{team}/share", json=share).raise_for_status()
        heard.wait_for(lambda event: event.is_about(board_id=team))
        heard.forget()
        ada.patch(f"{BOARDS}{team}", json={"board_name": "New"}).raise_for_status()
        heard.wait_for(lambda event: event.is_about(board_id=team))
        # Taken back by a command: another process.
        command(server, "invoke-admin", "board", "unshare", team, "lee@example.com")
        heard.forget()
        ada.patch(f"{BOARDS}{team}", json={"board_name": "Secret"}).raise_for_status()
        # What comes after it in order says that nothing of it is still on its way.
        kim.patch(f"{BOARDS}{kims}", json={"board_visibility": "shared"}).raise_for_status()
        heard.wait_for(lambda event: event.is_about(board_id=kims))
        stranger.wait_for(lambda event: event.is_about(board_id=kims))

        told = [event.body["board_id"] for event in heard.events if is_change(event)]
        # That it was lost may be told once more; of what happened to it then, nothing is.
        assert told.count(team) <= 1
        assert all(e.body["board_id"] == kims for e in stranger.events if is_change(e))


def test_a_handed_over_account_reads_everything_again(server: RunningServer) -> None:
    ada = first_administrator(server)
    lee = add_person(ada, server, "lee@example.com")
    board = lee.post(BOARDS, params={"board_name": "Lee's"}).json()["board_id"]

    with listening(lee) as heard:
        command(
            server,
            "invoke-admin",
            *("assets", "transfer", "--from", "lee@example.com", "--to", "admin@example.com"),
            "--force",
        )
        heard.wait_for(lambda event: event.name == "resync")

    assert lee.get(f"{BOARDS}{board}").status_code == 404
