"""Everything that the audit log speaks of is written when it is done, by whom, to what; and no secret is."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from invoke_adapters.memory import MemoryDatabase
from invoke_apps.application import Application
from invoke_apps.composition import in_memory
from invoke_apps.settings import Settings
from invoke_core.domain.audit import AuditAction, AuditEntry, AuditQuery, Target
from invoke_core.domain.boards import BoardChanges, Permission, Visibility
from invoke_core.domain.generation import GenerationWish, InitImage
from invoke_core.domain.identifiers import StylePresetId, WorkflowId
from invoke_core.domain.identities import ProviderRules, Vouched
from invoke_core.domain.images import ImageCategory, ImageChanges, ImageQuery, ImageScope
from invoke_core.domain.models import BaseModel, ModelType
from invoke_core.domain.preset_files import PresetFormat
from invoke_core.domain.principals import INTERNAL, Principal, Scope, Via, host_principal
from invoke_core.domain.queue import BatchWish, JobQuery
from invoke_core.domain.shares import ShareChanges
from invoke_core.domain.shelves import Shelf, Whose
from invoke_core.domain.sign_in import Client
from invoke_core.domain.style_presets import PresetText
from invoke_core.domain.transfers import TransferWish
from invoke_core.domain.workflows import WorkflowQuery
from invoke_core.errors import (
    AccountDisabled,
    Forbidden,
    InvokeError,
    LinkLocked,
    NotFound,
    RuleViolation,
    TooMany,
    Unauthenticated,
    Unavailable,
)
from invoke_core.ports.storage import Rendition
from invoke_core.services._deleting import AT_ONCE
from invoke_core.services.models import ModelChanges
from invoke_core.services.single_sign_on import Provider
from invoke_core.services.style_presets import PresetWish
from invoke_core.services.users import UserChanges
from invoke_core.testing import builders
from invoke_core.testing.fakes import FixedClock
from invoke_core.testing.model_files import a_diffusers_folder
from invoke_core.testing.one_time_codes import code_at
from invoke_core.testing.pictures import a_png

HOST = host_principal("operator")
PASSWORD, OTHER = "Shapes4Everyone", "Colours5Everywhere"
SITE = "https://invoke.example.com"
ISSUER = "https://id.example.com"
AWAY = Client(address="203.0.113.9", user_agent="test", request_id="request-7")
KEY = "q8Zr1-vT0x_uLwN5yD3bK7gH2mC9sE4aJ6fPqRtW"
PNG = a_png(4, 3, bytes(36))


class Studio:
    """A whole server in memory, with Ada, who administers, and Lee, who has a private board and a picture."""

    def __init__(self, app: Application, clock: FixedClock) -> None:
        self.app = app
        self.clock = clock
        self.ada = self.signed_in("ada@example.com", is_admin=True)
        self.lee = self.signed_in("lee@example.com")
        self.board = app.boards.create(self.lee, "Lee's").board.board_id
        self.on_board = self.picture(self.lee, self.board)
        self.loose = self.picture(self.lee)
        self.begun = self.last_number()

    def signed_in(self, email: str, **changes: Any) -> Principal:
        self.app.users.create(HOST, email=email, password=PASSWORD, **changes)
        return self.login(email)

    def login(self, email: str, password: str = PASSWORD, client: Client = AWAY) -> Principal:
        token = self.app.sign_in.login(client, email=email, password=password).token
        who = self.app.sign_in.authenticate(token, client.address)[0]
        return attrs.evolve(who, request_id=client.request_id)

    def picture(self, owner: Principal, board_id: Any = None) -> Any:
        image = self.app.images.upload(
            owner, PNG, category=ImageCategory.GENERAL, board_id=board_id
        )
        return image.image_name

    def enqueue(self, who: Principal, **changes: Any) -> int:
        wish = GenerationWish(
            model="demo-shapes", prompt="Lee's secret wish", width=64, height=64, **changes
        )
        return self.app.queue.enqueue(who, BatchWish(generation=wish)).item_ids[0]

    def last_number(self) -> int:
        with self.app.database.reading() as work:
            return work.audit.head().count

    def written(self) -> list[AuditEntry]:
        """Return what was written since everything was arranged, oldest first."""
        found = self.app.audit.export(HOST, AuditQuery())
        return [entry for entry in found if entry.entry_id > self.begun][::-1]

    def only(self) -> AuditEntry:
        (entry,) = self.written()
        return entry

    def forget(self) -> None:
        self.begun = self.last_number()


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    clock = FixedClock()
    settings = Settings(root=tmp_path, multiuser=True)
    with in_memory(settings, clock=clock, database=MemoryDatabase()) as app:
        yield Studio(app, clock)


def refused(what: Callable[[], Any], error: type[InvokeError]) -> None:
    with pytest.raises(error):
        what()


# What each act writes

Act = Callable[[Studio, Path], tuple[Target, Principal | None]]
ACTS: dict[AuditAction, Act] = {}


def writes(action: AuditAction) -> Callable[[Act], Act]:
    """Register what writes this entry; it returns its target, and who did it (None: a stranger)."""

    def register(act: Act) -> Act:
        ACTS[action] = act
        return act

    return register


def user_id_of(studio: Studio, email: str) -> Any:
    return studio.app.users.get_by_email(HOST, email).user_id


def without_administrators(studio: Studio) -> None:
    """Let nobody ever have administered, as in a new database."""
    with studio.app.database.writing() as work:
        ada = work.users.get(studio.ada.user_id)
        work.users.put(attrs.evolve(ada, is_admin=False))


@writes(AuditAction.SETUP)
def set_up(studio: Studio, folder: Path) -> Any:
    without_administrators(studio)
    code = studio.app.sign_in.setup_code
    made = studio.app.sign_in.setup(AWAY, email="kim@example.com", password=PASSWORD, code=code)
    return Target("user", made.user.user_id), None


@writes(AuditAction.SETUP_FAILED)
def set_up_wrongly(studio: Studio, folder: Path) -> Any:
    without_administrators(studio)
    setup = studio.app.sign_in.setup
    for code in (None, "wrong", "again"):
        wanted = {"email": f"{code}@example.com", "password": PASSWORD, "code": code}
        refused(lambda w=wanted: setup(AWAY, **w), Forbidden)  # type: ignore[misc]
    return Target("server"), None


@writes(AuditAction.SIGN_IN)
def sign_in(studio: Studio, folder: Path) -> Any:
    return Target("user", studio.lee.user_id), studio.login("lee@example.com")


@writes(AuditAction.SIGN_IN_FAILED)
def sign_in_wrongly(studio: Studio, folder: Path) -> Any:
    refused(lambda: studio.login("LEE@example.com", OTHER), Unauthenticated)
    return Target("user", studio.lee.user_id), None


@writes(AuditAction.SIGN_OUT)
def sign_out(studio: Studio, folder: Path) -> Any:
    studio.app.sign_in.logout(studio.lee)
    return Target("session", studio.lee.session_id), studio.lee


@writes(AuditAction.SESSION_END)
def end_a_session(studio: Studio, folder: Path) -> Any:
    again = studio.login("lee@example.com")
    studio.forget()
    studio.app.sign_in.end_session(again, studio.lee.session_id)
    return Target("session", studio.lee.session_id), again


@writes(AuditAction.USER_CREATE)
def create_a_user(studio: Studio, folder: Path) -> Any:
    made = studio.app.users.create(studio.ada, email="kim@example.com", password=PASSWORD)
    return Target("user", made.user.user_id), studio.ada


@writes(AuditAction.USER_UPDATE)
def update_a_user(studio: Studio, folder: Path) -> Any:
    studio.app.users.update(studio.ada, studio.lee.user_id, UserChanges(is_active=False))
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.USER_DELETE)
def delete_a_user(studio: Studio, folder: Path) -> Any:
    studio.app.users.delete(studio.ada, studio.lee.user_id)
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.USER_UNLOCK)
def unlock_a_user(studio: Studio, folder: Path) -> Any:
    studio.app.users.unlock(studio.ada, studio.lee.user_id)
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.USER_RECOVER)
def recover_a_user(studio: Studio, folder: Path) -> Any:
    studio.app.users.recover(HOST, studio.ada.user_id, OTHER)
    return Target("user", studio.ada.user_id), HOST


@writes(AuditAction.USER_INVITE)
def invite_a_user(studio: Studio, folder: Path) -> Any:
    issued = studio.app.links.invite(studio.ada, email="kim@example.com", site=SITE)
    return Target("user", issued.user.user_id), studio.ada


@writes(AuditAction.USER_ACCEPT)
def accept_an_invitation(studio: Studio, folder: Path) -> Any:
    issued = studio.app.links.invite(studio.ada, email="kim@example.com", site=SITE)
    studio.forget()
    studio.app.links.accept(AWAY, issued.url.rpartition("/")[2], password=PASSWORD)
    return Target("user", issued.user.user_id), None


@writes(AuditAction.USER_RESET_LINK)
def make_a_reset_link(studio: Studio, folder: Path) -> Any:
    studio.app.links.reset_link(studio.ada, studio.lee.user_id, site=SITE)
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.USER_RESET)
def reset_by_a_link(studio: Studio, folder: Path) -> Any:
    issued = studio.app.links.reset_link(studio.ada, studio.lee.user_id, site=SITE)
    studio.forget()
    studio.app.links.reset_password(AWAY, issued.url.rpartition("/")[2], new_password=OTHER)
    return Target("user", studio.lee.user_id), None


class AtCompany:
    """A provider where whoever comes is Lee."""

    def sign_in_address(self, callback: str, handshake: Any) -> str:
        return f"https://id.example.com/?{handshake.state}"

    def vouch(self, callback: str, handshake: Any, answer: Any, now: Any) -> Vouched:
        claims = {"email": "lee@example.com", "email_verified": True}
        return Vouched(issuer=ISSUER, subject="7", id_token=claims, userinfo={})

    def sign_out_address(self, back: str) -> str | None:
        return None


@writes(AuditAction.IDENTITY_LINK)
def come_from_a_provider(studio: Studio, folder: Path) -> Any:
    provider = Provider(ProviderRules(name="company", label="Company"), AtCompany())
    service = attrs.evolve(studio.app.single_sign_on, providers={"company": provider})
    left = service.depart(AWAY, "company", callback=SITE)
    answer = {"state": left.url.partition("?")[2]}
    service.arrive(AWAY, "company", callback=SITE, answer=answer, browser=left.browser)
    return Target("user", studio.lee.user_id), None


@writes(AuditAction.IDENTITY_REMOVE)
def untie_an_identity(studio: Studio, folder: Path) -> Any:
    with studio.app.database.writing() as work:
        lee = work.users.get(studio.lee.user_id)
        identity = builders.an_identity(work, lee)
    studio.app.single_sign_on.unlink(studio.ada, studio.lee.user_id, identity.identity_id)
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.API_KEY_CREATE)
def create_an_api_key(studio: Studio, folder: Path) -> Any:
    made = studio.app.api_keys.create(studio.lee, name="Nightly", scope=Scope.READ)
    return Target("api_key", made.key.key_id), studio.lee


@writes(AuditAction.API_KEY_REMOVE)
def remove_an_api_key(studio: Studio, folder: Path) -> Any:
    made = studio.app.api_keys.create(studio.lee, name="Nightly", scope=Scope.READ)
    studio.forget()
    studio.app.api_keys.remove(studio.lee, made.key.key_id)
    return Target("api_key", made.key.key_id), studio.lee


@writes(AuditAction.SECOND_FACTOR_CONFIRM)
def confirm_a_second_factor(studio: Studio, folder: Path) -> Any:
    secret = studio.app.second_factor.enroll(studio.lee).secret
    studio.app.second_factor.confirm(studio.lee, code_at(secret, studio.clock.now()))
    return Target("user", studio.lee.user_id), studio.lee


@writes(AuditAction.SECOND_FACTOR_REMOVE)
def remove_a_second_factor(studio: Studio, folder: Path) -> Any:
    confirm_a_second_factor(studio, folder)
    studio.forget()
    studio.app.second_factor.remove(studio.lee, PASSWORD)
    return Target("user", studio.lee.user_id), studio.lee


@writes(AuditAction.SECOND_FACTOR_RESET)
def reset_a_second_factor(studio: Studio, folder: Path) -> Any:
    confirm_a_second_factor(studio, folder)
    studio.forget()
    studio.app.second_factor.reset(studio.ada, studio.lee.user_id)
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.BOARD_UPDATE)
def open_a_board(studio: Studio, folder: Path) -> Any:
    changes = BoardChanges(visibility=Visibility.PUBLIC)
    studio.app.boards.update(studio.lee, studio.board, changes)
    return Target("board", studio.board), studio.lee


@writes(AuditAction.BOARD_DELETE)
def delete_a_board(studio: Studio, folder: Path) -> Any:
    studio.app.boards.delete(studio.lee, studio.board, include_images=True)
    return Target("board", studio.board), studio.lee


@writes(AuditAction.BOARD_SHARE)
def share_a_board(studio: Studio, folder: Path) -> Any:
    studio.app.boards.share(
        studio.lee, studio.board, user_ids=[studio.ada.user_id], permission=Permission.READ
    )
    return Target("board", studio.board), studio.lee


@writes(AuditAction.BOARD_UNSHARE)
def unshare_a_board(studio: Studio, folder: Path) -> Any:
    share_a_board(studio, folder)
    studio.forget()
    studio.app.boards.unshare(studio.ada, studio.board, studio.ada.user_id)
    return Target("board", studio.board), studio.ada


@writes(AuditAction.BOARD_LOOK)
def look_at_a_board(studio: Studio, folder: Path) -> Any:
    studio.app.boards.get(studio.ada, studio.board)
    return Target("board", studio.board), studio.ada


@writes(AuditAction.BOARD_TRANSFER)
def transfer_a_board(studio: Studio, folder: Path) -> Any:
    studio.app.boards.transfer(studio.lee, studio.board, studio.ada.user_id)
    return Target("board", studio.board), studio.lee


@writes(AuditAction.BOARD_LINK_CREATE)
def link_a_board(studio: Studio, folder: Path) -> Any:
    studio.app.board_links.create(studio.lee, studio.board, password=OTHER, site=SITE)
    return Target("board", studio.board), studio.lee


@writes(AuditAction.BOARD_LINK_REMOVE)
def unlink_a_board(studio: Studio, folder: Path) -> Any:
    made = studio.app.board_links.create(studio.lee, studio.board, site=SITE)
    studio.forget()
    studio.app.board_links.remove(studio.lee, studio.board, made.link.link_id)
    return Target("board", studio.board), studio.lee


@writes(AuditAction.BOARD_LINK_UNLOCK_FAILED)
def fail_to_unlock(studio: Studio, folder: Path) -> Any:
    made = studio.app.board_links.create(studio.lee, studio.board, password=OTHER, site=SITE)
    studio.forget()
    token = made.url.rpartition("/")[2]
    refused(lambda: studio.app.board_links.unlock(AWAY, token, "wrong"), LinkLocked)
    return Target("board_link", made.link.link_id), None


@writes(AuditAction.ACCESS_REVIEW)
def review_access(studio: Studio, folder: Path) -> Any:
    studio.app.access.of_board(studio.ada, studio.board)
    return Target("board", studio.board), studio.ada


@writes(AuditAction.ASSETS_TRANSFER)
def transfer_assets(studio: Studio, folder: Path) -> Any:
    wish = TransferWish(from_id=studio.lee.user_id, to_id=studio.ada.user_id)
    studio.app.transfers.transfer(studio.ada, wish)
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.ASSETS_UNDO)
def undo_a_transfer(studio: Studio, folder: Path) -> Any:
    wish = TransferWish(from_id=studio.lee.user_id, to_id=studio.ada.user_id)
    done = studio.app.transfers.transfer(studio.ada, wish)
    studio.forget()
    studio.app.transfers.undo(studio.ada, done.transfer_id)
    return Target("user", studio.ada.user_id), studio.ada


@writes(AuditAction.ASSETS_EXPORT)
def export_assets(studio: Studio, folder: Path) -> Any:
    studio.app.exports.export(studio.ada, studio.lee.user_id)
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.IMAGE_UPDATE)
def update_an_image(studio: Studio, folder: Path) -> Any:
    studio.app.images.update(studio.ada, studio.loose, ImageChanges(starred=True))
    return Target("image", studio.loose), studio.ada


@writes(AuditAction.IMAGE_DELETE)
def delete_an_image(studio: Studio, folder: Path) -> Any:
    studio.app.images.delete(studio.ada, studio.on_board)
    return Target("image", studio.on_board), studio.ada


@writes(AuditAction.IMAGE_RESTORE)
def restore_an_image(studio: Studio, folder: Path) -> Any:
    studio.app.images.delete(studio.lee, studio.loose)
    studio.app.bin.restore(studio.ada, [studio.loose])
    return Target("image", studio.loose), studio.ada


@writes(AuditAction.STORAGE_REPAIR)
def repair_the_storage(studio: Studio, folder: Path) -> Any:
    studio.app.storage.remove(studio.loose)
    studio.app.doctor.examine(HOST, repair=True)
    return Target("storage"), HOST


@writes(AuditAction.IMAGE_MOVE)
def move_an_image(studio: Studio, folder: Path) -> Any:
    studio.app.images.move(studio.ada, studio.on_board, None)
    return Target("image", studio.on_board), studio.ada


@writes(AuditAction.IMAGE_LOOK)
def look_at_an_image(studio: Studio, folder: Path) -> Any:
    studio.app.images.metadata(studio.ada, studio.loose)
    return Target("image", studio.loose), studio.ada


@writes(AuditAction.JOB_CANCEL)
def cancel_a_job(studio: Studio, folder: Path) -> Any:
    job = studio.enqueue(studio.lee)
    studio.app.queue.cancel(studio.ada, job)
    return Target("job", str(job)), studio.ada


@writes(AuditAction.JOB_DELETE)
def delete_a_job(studio: Studio, folder: Path) -> Any:
    job = studio.enqueue(studio.lee)
    studio.app.queue.delete(studio.ada, job)
    return Target("job", str(job)), studio.ada


@writes(AuditAction.JOB_RETRY)
def retry_a_job(studio: Studio, folder: Path) -> Any:
    job = studio.enqueue(studio.lee)
    studio.app.queue.cancel(studio.lee, job)
    studio.app.queue.retry(studio.ada, [job])
    return Target("job", str(job)), studio.ada


@writes(AuditAction.JOB_LOOK)
def look_at_a_job(studio: Studio, folder: Path) -> Any:
    studio.app.queue.item(studio.ada, studio.enqueue(studio.lee))
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.QUEUE_PAUSE)
def pause(studio: Studio, folder: Path) -> Any:
    studio.app.queue.pause(studio.ada)
    return Target("queue", "default"), studio.ada


@writes(AuditAction.QUEUE_RESUME)
def resume(studio: Studio, folder: Path) -> Any:
    studio.app.queue.resume(studio.ada)
    return Target("queue", "default"), studio.ada


@writes(AuditAction.QUEUE_SHARE)
def change_a_share(studio: Studio, folder: Path) -> Any:
    studio.app.queue_care.change_share(studio.ada, studio.lee.user_id, ShareChanges(weight=2.0))
    return Target("user", studio.lee.user_id), studio.ada


@writes(AuditAction.QUEUE_CLEAR)
def clear_the_queue_at_the_start(studio: Studio, folder: Path) -> Any:
    studio.enqueue(studio.lee)
    studio.app.queue_care.clear_pending()
    return Target("queue", "default"), INTERNAL


@writes(AuditAction.MODEL_ADD)
def add_a_model(studio: Studio, folder: Path) -> Any:
    a_diffusers_folder(folder / "shapes")
    added = studio.app.models.add(
        HOST, str(folder / "shapes"), type=ModelType.MAIN, base=BaseModel.SD_1, name="Shapes"
    )
    return Target("model", added.key), HOST


@writes(AuditAction.MODEL_UPDATE)
def update_a_model(studio: Studio, folder: Path) -> Any:
    changes = ModelChanges(description="New", default_settings={"steps": 7})
    studio.app.models.update(studio.ada, "demo-shapes", changes)  # type: ignore[arg-type]
    return Target("model", "demo-shapes"), studio.ada


@writes(AuditAction.MODEL_REMOVE)
def remove_a_model(studio: Studio, folder: Path) -> Any:
    studio.app.models.remove(HOST, "demo-shapes")
    return Target("model", "demo-shapes"), HOST


@writes(AuditAction.WORKFLOW_CREATE)
def save_a_default_workflow(studio: Studio, folder: Path) -> Any:
    document = '{"name": "Ours", "meta": {"category": "default"}}'
    made = studio.app.workflows.create(studio.ada, document).workflow
    return Target("workflow", made.workflow_id), studio.ada


def lees_workflow(studio: Studio) -> WorkflowId:
    document = '{"name": "Hers", "nodes": ["Lee\'s secret wish"]}'
    return studio.app.workflows.create(studio.lee, document).workflow.workflow_id


@writes(AuditAction.WORKFLOW_UPDATE)
def publish_a_workflow(studio: Studio, folder: Path) -> Any:
    workflow_id = lees_workflow(studio)
    studio.app.workflows.publish(studio.lee, workflow_id, is_public=True)
    return Target("workflow", workflow_id), studio.lee


@writes(AuditAction.WORKFLOW_DELETE)
def delete_a_workflow(studio: Studio, folder: Path) -> Any:
    workflow_id = lees_workflow(studio)
    studio.app.workflows.delete(studio.ada, workflow_id)
    return Target("workflow", workflow_id), studio.ada


@writes(AuditAction.WORKFLOW_LOOK)
def look_at_a_workflow(studio: Studio, folder: Path) -> Any:
    workflow_id = lees_workflow(studio)
    studio.app.workflows.get(studio.ada, workflow_id)
    return Target("workflow", workflow_id), studio.ada


def a_preset(studio: Studio, who: Principal, **changes: Any) -> StylePresetId:
    wish = PresetWish(text=PresetText(name="Oils"), **changes)
    return studio.app.style_presets.create(who, wish).preset_id


@writes(AuditAction.STYLE_PRESET_CREATE)
def publish_a_preset(studio: Studio, folder: Path) -> Any:
    preset_id = a_preset(studio, studio.lee, is_public=True)
    return Target("style_preset", preset_id), studio.lee


@writes(AuditAction.STYLE_PRESET_UPDATE)
def update_a_preset(studio: Studio, folder: Path) -> Any:
    preset_id = a_preset(studio, studio.lee)
    wish = PresetWish(text=PresetText(name="By Ada"))
    studio.app.style_presets.update(studio.ada, preset_id, wish)
    return Target("style_preset", preset_id), studio.ada


@writes(AuditAction.STYLE_PRESET_DELETE)
def delete_a_preset(studio: Studio, folder: Path) -> Any:
    preset_id = a_preset(studio, studio.lee)
    studio.app.style_presets.delete(studio.ada, preset_id)
    return Target("style_preset", preset_id), studio.ada


@writes(AuditAction.STYLE_PRESET_LOOK)
def look_at_a_preset(studio: Studio, folder: Path) -> Any:
    preset_id = a_preset(studio, studio.lee)
    studio.app.style_presets.get(studio.ada, preset_id)
    return Target("style_preset", preset_id), studio.ada


@writes(AuditAction.STYLE_PRESET_EXPORT)
def export_presets(studio: Studio, folder: Path) -> Any:
    a_preset(studio, studio.lee)
    studio.app.style_presets.export(studio.ada)
    return Target("style_presets"), studio.ada


@writes(AuditAction.STYLE_PRESET_IMPORT)
def import_presets(studio: Studio, folder: Path) -> Any:
    studio.app.style_presets.import_file(studio.ada, b'[{"name": "Oils"}]', PresetFormat.JSON)
    return Target("style_presets"), studio.ada


@writes(AuditAction.SIGNING_KEY_ROTATE)
def rotate(studio: Studio, folder: Path) -> Any:
    return Target("signing_key", studio.app.signing_keys.rotate(HOST).key_id), HOST


@writes(AuditAction.SIGNING_KEY_REVOKE)
def revoke(studio: Studio, folder: Path) -> Any:
    (gone,) = studio.app.signing_keys.revoke(HOST, None)
    return Target("signing_key", gone.key_id), HOST


def lose_the_key(studio: Studio, folder: Path) -> None:
    """Let a server have run with a configured key, and another one start without it."""
    changed = attrs.evolve(studio.app.settings, jwt_secret_key=KEY)
    with in_memory(changed) as before:
        before.sign_in.settle_recovery()
    studio.app.sign_in.settle_recovery()


@writes(AuditAction.RECOVERY_OPEN)
def open_recovery(studio: Studio, folder: Path) -> Any:
    lose_the_key(studio, folder)
    return Target("server"), INTERNAL


@writes(AuditAction.RECOVERY_CLOSE)
def close_recovery(studio: Studio, folder: Path) -> Any:
    lose_the_key(studio, folder)
    ada = studio.login("ada@example.com")
    studio.begun = studio.last_number() - 1
    return Target("server"), ada


def test_every_action_has_an_act() -> None:
    assert set(ACTS) == set(AuditAction)


@pytest.mark.parametrize("action", AuditAction)
def test_each_act_is_written_with_who_did_it_and_to_what(
    studio: Studio, tmp_path: Path, action: AuditAction
) -> None:
    target, who = ACTS[action](studio, tmp_path)

    entry, *more = studio.written()
    # The first sign-in from a provider is two acts.
    expected = ["sign_in"] if action is AuditAction.IDENTITY_LINK else []
    assert [other.action for other in more] == expected
    assert (entry.action, entry.target) == (action.value, target)
    assert entry.at == studio.clock.now()
    if who is None:
        assert (entry.actor.via, entry.actor.user_id) == ("anonymous", None)
        assert entry.actor.email or target.kind == "board_link"  # whose holder has no address
    else:
        assert (entry.actor.via, entry.actor.user_id) == (who.via, who.user_id)
        assert entry.actor.operating_system_user == who.operating_system_user
    if who is None or who.via is Via.SESSION:
        assert (entry.actor.address, entry.request_id) == ("203.0.113.9", "request-7")
    assert studio.app.audit.verify(HOST).ok


def test_no_secret_is_ever_written(studio: Studio, tmp_path: Path) -> None:
    studio.app.users.update(studio.ada, studio.lee.user_id, UserChanges(password=OTHER, note="n"))
    lee = studio.login("lee@example.com", OTHER)
    studio.app.sign_in.update_me(lee, current_password=OTHER, new_password=PASSWORD)
    sign_in_wrongly(studio, tmp_path)
    recover_a_user(studio, tmp_path)
    code = studio.app.sign_in.setup_code
    lose_the_key(studio, tmp_path)
    studio.app.sign_in.setup(AWAY, email="kim@example.com", password=OTHER, code=code)

    with studio.app.database.reading() as work:
        log = "\n".join(row.content for row in work.audit.rows(0))
        hashes = [user.password_hash for user in work.users.list(limit=None).items]
    keys = json.loads((tmp_path / "secrets" / "keys.json").read_text())["keys"]
    secrets = [PASSWORD, OTHER, code, KEY, *hashes, *(key["secret"] for key in keys.values())]
    assert log.count('"password":"changed"') == 3
    assert len(hashes) == 3
    for secret in secrets:
        assert secret
        assert secret not in log


# What stands in the entries


def facts_of(studio: Studio) -> tuple[Any, Any]:
    entry = studio.only()
    return entry.before, entry.after


def test_a_changed_account_is_told_as_far_as_it_changed(studio: Studio) -> None:
    changes = UserChanges(is_admin=True, display_name="Lee", note="new", email="lee@example.com")
    studio.app.users.update(studio.ada, studio.lee.user_id, changes)

    assert facts_of(studio) == (
        {"display_name": "lee@example.com", "is_admin": False, "note": ""},
        {"display_name": "Lee", "is_admin": True, "note": "new"},
    )


def test_a_change_of_nothing_is_not_told(studio: Studio) -> None:
    studio.app.users.update(studio.ada, studio.lee.user_id, UserChanges(is_admin=False))
    studio.app.sign_in.update_me(studio.lee, display_name="lee@example.com")

    assert studio.written() == []


def test_what_was_refused_is_not_told(studio: Studio) -> None:
    users = studio.app.users
    refused(lambda: users.delete(studio.lee, studio.ada.user_id), Forbidden)
    refused(lambda: users.delete(studio.ada, studio.ada.user_id), RuleViolation)
    refused(lambda: studio.app.boards.get(studio.lee, "unknown"), NotFound)  # type: ignore[arg-type]

    assert studio.written() == []


def test_a_deleted_account_is_told_with_its_heir(studio: Studio) -> None:
    studio.app.users.delete(studio.ada, studio.lee.user_id, transfer_to=studio.ada.user_id)

    before, after = facts_of(studio)
    assert before["email"] == "lee@example.com"
    assert after == {"transfer_to": studio.ada.user_id}


def test_a_grant_is_told_with_the_one_before(studio: Studio) -> None:
    ada = studio.ada.user_id
    share_a_board(studio, Path())
    studio.forget()
    studio.app.boards.share(studio.lee, studio.board, user_ids=[ada], permission=Permission.ADMIN)

    assert facts_of(studio) == ({ada: "read"}, {ada: "admin"})


def test_ones_own_board_is_renamed_without_a_word_and_anothers_is_not(studio: Studio) -> None:
    studio.app.boards.update(studio.lee, studio.board, BoardChanges(name="New"))
    assert studio.written() == []

    studio.app.boards.update(studio.ada, studio.board, BoardChanges(name="Newer"))

    assert facts_of(studio) == ({"name": "New"}, {"name": "Newer"})


def test_what_an_administrator_does_to_many_pictures_is_one_entry(studio: Studio) -> None:
    own = studio.picture(studio.ada)
    studio.app.images.delete_many(studio.ada, [own, studio.on_board, studio.loose])

    before, after = facts_of(studio)
    assert before == {
        "owners": [studio.lee.user_id],
        "boards": [studio.board],
        "count": 2,
        "image_names": [studio.on_board, studio.loose],
    }
    assert after is None


def test_of_very_many_pictures_each_thousand_has_an_entry(studio: Studio) -> None:
    with studio.app.database.writing() as work:
        lee = work.users.get(studio.lee.user_id)
        for _ in range(AT_ONCE + 5):
            builders.an_image(work, lee, is_intermediate=True)

    studio.app.images.delete_intermediates(studio.ada)

    counts = [len((entry.before or {})["image_names"]) for entry in studio.written()]
    assert counts == [AT_ONCE, 5]


def test_what_one_does_with_ones_own_is_not_told(studio: Studio) -> None:
    app, ada = studio.app, studio.ada
    board = app.boards.create(ada, "Ada's").board.board_id
    image = studio.picture(ada, board)
    app.boards.get(ada, board)
    app.images.star(ada, [image], starred=True)
    app.images.content(ada, image, Rendition.FULL).stream.close()
    app.images.move(ada, image, None)
    app.images.delete(ada, image)
    job = studio.enqueue(ada)
    app.queue.item(ada, job)
    app.queue.cancel(ada, job)
    app.queue.retry(ada, [job])
    app.queue.clear(ada)

    assert studio.written() == []


def test_a_changed_workflow_is_told_without_its_document(studio: Studio) -> None:
    workflow_id = lees_workflow(studio)
    studio.app.workflows.update(studio.lee, workflow_id, '{"name": "New"}')
    assert studio.written() == []

    studio.app.workflows.update(studio.ada, workflow_id, '{"name": "Newer", "nodes": ["secret"]}')

    assert facts_of(studio) == ({"name": "New"}, {"name": "Newer", "document": "replaced"})


def test_everybodys_workflows_and_presets_are_a_look_once_an_hour(studio: Studio) -> None:
    app, query = studio.app, WorkflowQuery(whose=Whose.VISIBLE)
    for _ in range(2):
        app.workflows.list(studio.ada, query)
        app.workflows.tags(studio.ada, query)
        app.style_presets.list(studio.ada, Whose.VISIBLE)
        app.workflows.list(studio.lee, query)
        app.style_presets.list(studio.lee, Whose.VISIBLE)

    looks = [(entry.action, entry.target, entry.actor.user_id) for entry in studio.written()]
    assert looks == [
        ("workflow.look", Target("workflows"), studio.ada.user_id),
        ("style_preset.look", Target("style_presets"), studio.ada.user_id),
    ]


def test_each_way_to_read_a_workflow_is_a_look(studio: Studio) -> None:
    workflow_id = lees_workflow(studio)
    studio.app.workflows.set_thumbnail(studio.lee, workflow_id, PNG)
    preset_id = a_preset(studio, studio.lee, picture=PNG)
    workflows, presets = studio.app.workflows, studio.app.style_presets
    looks: list[Callable[[], Any]] = [
        lambda: workflows.thumbnail(studio.ada, workflow_id),
        lambda: refused(lambda: workflows.generation(studio.ada, workflow_id), RuleViolation),
        lambda: workflows.mark_opened(studio.ada, workflow_id),
        lambda: presets.image(studio.ada, preset_id),
    ]
    for look in looks:
        studio.forget()
        studio.clock.advance(timedelta(hours=1))
        look()
        assert studio.only().action in {"workflow.look", "style_preset.look"}


def test_what_everybody_sees_is_no_look(studio: Studio) -> None:
    app, ada = studio.app, studio.ada
    workflow_id = lees_workflow(studio)
    app.workflows.publish(studio.lee, workflow_id, is_public=True)
    preset_id = a_preset(studio, studio.lee, is_public=True)
    default_id = a_preset(studio, ada, shelf=Shelf.DEFAULT)
    studio.forget()

    app.workflows.get(ada, workflow_id)
    app.workflows.list(ada, WorkflowQuery())
    app.workflows.list(ada, WorkflowQuery(whose=Whose.VISIBLE, is_public=True))
    app.style_presets.get(ada, preset_id)
    app.style_presets.get(ada, default_id)
    app.style_presets.list(ada)
    own = app.workflows.create(ada, '{"name": "Own"}').workflow.workflow_id
    app.workflows.get(ada, own)
    app.workflows.delete(ada, own)

    assert studio.written() == []


def test_what_an_administrator_does_to_many_jobs_names_them(studio: Studio) -> None:
    jobs = [studio.enqueue(studio.lee), studio.enqueue(studio.lee)]
    studio.enqueue(studio.ada)

    studio.app.queue.clear(studio.ada)

    entry = studio.only()
    assert (entry.action, entry.target) == ("job.delete", Target("job"))
    assert entry.before == {"owners": [studio.lee.user_id], "item_ids": jobs}


# Sign-ins that fail


def test_each_failure_says_why_with_the_address_that_was_typed(studio: Studio) -> None:
    studio.app.users.update(studio.ada, studio.lee.user_id, UserChanges(is_active=False))
    studio.forget()
    refused(lambda: studio.login("Nobody@example.com"), Unauthenticated)
    refused(lambda: studio.login("ADA@example.com", OTHER), Unauthenticated)
    refused(lambda: studio.login("lee@example.com", OTHER), Unauthenticated)
    refused(lambda: studio.login("lee@example.com"), AccountDisabled)

    assert [(e.actor.email, e.target.id, e.after) for e in studio.written()] == [
        ("Nobody@example.com", None, {"reason": "unknown address"}),
        ("ADA@example.com", studio.ada.user_id, {"reason": "wrong password"}),
        ("lee@example.com", studio.lee.user_id, {"reason": "wrong password"}),
        ("lee@example.com", studio.lee.user_id, {"reason": "disabled account"}),
    ]


def test_a_flood_of_refused_tries_is_told_once_an_hour(studio: Studio) -> None:
    for number in range(200):
        with pytest.raises((Unauthenticated, TooMany)):
            studio.login(f"person{number}@example.com")

    reasons = [entry.after["reason"] for entry in studio.written() if entry.after]
    assert reasons.count("unknown address") == 20
    assert reasons.count("too many tries") == 1


def test_a_wrong_current_password_is_told(studio: Studio) -> None:
    change = studio.app.sign_in.update_me
    refused(lambda: change(studio.lee, current_password=OTHER, new_password=OTHER), RuleViolation)

    entry = studio.only()
    assert (entry.action, entry.actor.user_id) == ("sign_in.failed", studio.lee.user_id)
    assert entry.after == {"reason": "wrong current password"}


# Looks


LOOKS: dict[str, Callable[[Studio, Principal], Any]] = {
    "board": lambda s, who: s.app.boards.get(who, s.board),
    "its names": lambda s, who: s.app.boards.image_names(who, s.board, ImageQuery()),
    "its images": lambda s, who: s.app.images.list(who, ImageQuery(board_id=s.board)),
    "their names": lambda s, who: s.app.images.names(who, ImageQuery(board_id=s.board)),
    "everybody's images": lambda s, who: s.app.images.list(
        who, ImageQuery(scope=ImageScope.VISIBLE)
    ),
    "image": lambda s, who: s.app.images.get(who, s.loose),
    "many images": lambda s, who: s.app.images.get_many(who, [s.on_board, s.loose]),
    "metadata": lambda s, who: s.app.images.metadata(who, s.loose),
    "workflow": lambda s, who: s.app.images.workflow(who, s.loose),
    "content": lambda s, who: s.app.images.content(who, s.loose, Rendition.FULL).stream.close(),
    "thumbnail": lambda s, who: s.app.images.content(
        who, s.on_board, Rendition.THUMBNAIL
    ).stream.close(),
}


@pytest.mark.parametrize("look", LOOKS)
def test_each_look_is_told_once_an_hour(studio: Studio, look: str) -> None:
    for _ in range(3):
        LOOKS[look](studio, studio.ada)
    first = studio.written()
    assert len({(e.action, e.target) for e in first}) == len(first) >= 1
    assert {e.action for e in first} <= {"board.look", "image.look"}

    studio.clock.advance(timedelta(minutes=59))
    LOOKS[look](studio, studio.ada)
    assert studio.written() == first

    studio.clock.advance(timedelta(minutes=1))
    LOOKS[look](studio, studio.ada)
    assert len(studio.written()) == 2 * len(first)


@pytest.mark.parametrize("look", LOOKS)
def test_nobody_else_looks(studio: Studio, look: str) -> None:
    studio.app.boards.share(
        studio.lee, studio.board, user_ids=[studio.ada.user_id], permission=Permission.READ
    )
    studio.forget()
    own = {"board", "its names", "its images", "their names", "thumbnail"}
    LOOKS[look](studio, studio.lee)
    LOOKS[look](studio, attrs.evolve(studio.lee, via=Via.SINGLE_USER, is_admin=True))
    LOOKS[look](studio, INTERNAL)
    if look in own:  # a grant, and so nothing hidden
        LOOKS[look](studio, studio.ada)

    assert studio.written() == []


@pytest.mark.parametrize("look", LOOKS)
def test_what_cannot_be_written_down_is_not_shown(
    studio: Studio, look: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> Any:
        raise Unavailable("busy")

    for service in ("boards", "images"):
        changed = attrs.evolve(getattr(studio.app, service), writing=busy)
        monkeypatch.setattr(studio, "app", attrs.evolve(studio.app, **{service: changed}))

    refused(lambda: LOOKS[look](studio, studio.ada), Unavailable)
    LOOKS[look](studio, studio.lee)  # reading writes nothing


def test_thumbnails_of_a_board_are_one_look(studio: Studio) -> None:
    names = [studio.picture(studio.lee, studio.board) for _ in range(3)]
    for name in names:
        studio.app.images.content(studio.ada, name, Rendition.THUMBNAIL).stream.close()

    assert studio.only().target == Target("board", studio.board)


def test_other_peoples_jobs_are_one_look_for_each_person(studio: Studio) -> None:
    kim = studio.signed_in("kim@example.com")
    studio.forget()
    for who in (studio.lee, studio.lee, kim, studio.ada):
        studio.enqueue(who)

    studio.app.queue.list_all(studio.lee, JobQuery())
    assert studio.written() == []
    for _ in range(2):
        studio.app.queue.list_all(studio.ada, JobQuery())
        studio.app.queue.items_by_ids(studio.ada, [1, 2, 3, 4])  # type: ignore[list-item]
        studio.app.queue.next(studio.ada)

    assert [(e.action, e.target.id) for e in studio.written()] == [
        ("job.look", studio.lee.user_id),
        ("job.look", kim.user_id),
    ]


def test_to_draw_from_another_persons_picture_is_a_look(studio: Studio) -> None:
    wish = InitImage(image_name=studio.loose, strength=0.5)
    studio.enqueue(studio.ada, init_image=wish)
    studio.enqueue(studio.lee, init_image=wish)

    assert studio.only().target == Target("image", studio.loose)
