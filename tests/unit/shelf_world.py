"""A small server's workflows and style presets, in memory."""

import attrs

from invoke_adapters.pillow import PillowImageCodec
from invoke_core.domain.principals import Principal
from invoke_core.domain.style_presets import StylePreset
from invoke_core.domain.workflows import Workflow
from invoke_core.services._small_pictures import SmallPictures
from invoke_core.services.client_state import ClientStateService
from invoke_core.services.style_presets import StylePresetService
from invoke_core.services.workflows import WorkflowService
from invoke_core.testing import builders
from tests.unit.picture_world import World

MAX_UPLOAD_BYTES = 1_000_000


@attrs.frozen
class Shelves(World):
    """The world of pictures, with what stands on shelves."""

    @property
    def pictures(self) -> SmallPictures:
        return SmallPictures(PillowImageCodec(), MAX_UPLOAD_BYTES)

    @property
    def workflows(self) -> WorkflowService:
        database = self.database
        return WorkflowService(
            database.reading, database.writing, self.clock, self.randomness, self.pictures
        )

    @property
    def presets(self) -> StylePresetService:
        database = self.database
        return StylePresetService(
            database.reading, database.writing, self.clock, self.randomness, self.pictures
        )

    @property
    def client_state(self) -> ClientStateService:
        return ClientStateService(self.database.reading, self.database.writing, self.clock)

    def workflow(
        self, owner: Principal, document: str = '{"name": "A"}', **changes: object
    ) -> Workflow:
        user = self.user(owner)
        with self.database.writing() as work:
            return builders.a_workflow(work, user, document=document, **changes)

    def preset(self, owner: Principal, **changes: object) -> StylePreset:
        user = self.user(owner)
        with self.database.writing() as work:
            return builders.a_style_preset(work, user, **changes)
