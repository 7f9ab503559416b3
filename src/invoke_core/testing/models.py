"""What every store of the catalogue does."""

from datetime import timedelta

import attrs
import pytest

from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.models import (
    BaseModel,
    DefaultSettings,
    ModelFormat,
    ModelType,
    SchedulerName,
)
from invoke_core.errors import Conflict, NotFound
from invoke_core.ports.unit_of_work import Database
from invoke_core.testing.builders import NOON, a_model

UNKNOWN = ModelKey("none")


class ModelRepositoryContract:
    """A subclass provides the fixture `database`, empty."""

    def test_a_model_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            model = a_model(
                work,
                type=ModelType.LORA,
                base=BaseModel.SDXL,
                format=ModelFormat.CHECKPOINT,
                variant="fp16",
                description="d",
                file_size=2**40,
                default_settings=DefaultSettings(
                    steps=20,
                    cfg_scale=6.5,
                    scheduler=SchedulerName.EULER_A,
                    vae=ModelKey("vae"),
                    width=512,
                    height=768,
                ),
                trigger_phrases=("a", "é"),
                updated_at=NOON + timedelta(seconds=1),
            )

        with database.reading() as work:
            assert work.models.get(model.key) == model

    def test_a_model_without_settings_comes_back_whole(self, database: Database) -> None:
        with database.writing() as work:
            model = a_model(work)

        with database.reading() as work:
            assert work.models.get(model.key) == model

    def test_an_unknown_model_is_not_found(self, database: Database) -> None:
        with database.reading() as work, pytest.raises(NotFound):
            work.models.get(UNKNOWN)

    def test_a_model_is_found_by_its_key_before_one_of_that_name(self, database: Database) -> None:
        with database.writing() as work:
            model = a_model(work, key="k", base=BaseModel.SDXL)
            a_model(work, name="k", base=BaseModel.FLUX)

            assert work.models.find("k", ModelType.MAIN) == model

    def test_a_model_is_found_by_its_name_in_any_case_first_by_base(
        self, database: Database
    ) -> None:
        with database.writing() as work:
            a_model(work, name="étoile", base=BaseModel.SDXL)
            first = a_model(work, name="Étoile", base=BaseModel.SD_1)

            assert work.models.find("ÉTOILE", ModelType.MAIN) == first

    def test_a_model_of_another_type_is_not_found(self, database: Database) -> None:
        with database.writing() as work:
            model = a_model(work)

            assert work.models.find(model.key, ModelType.LORA) is None
            assert work.models.find(model.name, ModelType.LORA) is None
            assert work.models.find("unknown", ModelType.MAIN) is None

    def test_models_come_by_type_base_name_and_key(self, database: Database) -> None:
        with database.writing() as work:
            main_b = a_model(work, name="b")
            main_a = a_model(work, name="A")
            sdxl = a_model(work, name="A", base=BaseModel.SDXL)
            lora = a_model(work, name="z", type=ModelType.LORA)

            assert list(work.models.list()) == [lora, main_a, main_b, sdxl]

    def test_models_of_one_type_and_some_bases_are_listed(self, database: Database) -> None:
        with database.writing() as work:
            sd_1 = a_model(work)
            sdxl = a_model(work, base=BaseModel.SDXL)
            flux = a_model(work, base=BaseModel.FLUX)
            lora = a_model(work, type=ModelType.LORA)

            assert list(work.models.list(type=ModelType.LORA)) == [lora]
            some = work.models.list(type=ModelType.MAIN, bases=[BaseModel.SDXL, BaseModel.FLUX])
            assert list(some) == [flux, sdxl]
            assert list(work.models.list(bases=[BaseModel.SD_1])) == [lora, sd_1]
            assert list(work.models.list(bases=[])) == []

    def test_a_key_is_taken_once(self, database: Database) -> None:
        with database.writing() as work:
            model = a_model(work)
            with pytest.raises(Conflict):
                a_model(work, key=model.key)

    def test_a_name_is_taken_once_in_type_and_base(self, database: Database) -> None:
        with database.writing() as work:
            a_model(work, name="Étoile")
            a_model(work, name="Étoile", base=BaseModel.SDXL)
            a_model(work, name="Étoile", type=ModelType.LORA)
            with pytest.raises(Conflict):
                a_model(work, name="éTOILE")

    def test_a_model_is_replaced(self, database: Database) -> None:
        with database.writing() as work:
            model = a_model(work, name="old")
            changed = attrs.evolve(
                model, name="New", default_settings=DefaultSettings(steps=3), trigger_phrases=("x",)
            )
            work.models.put(changed)

        with database.reading() as work:
            assert work.models.get(model.key) == changed
            assert work.models.find("new", ModelType.MAIN) == changed
            assert work.models.find("old", ModelType.MAIN) is None

    def test_an_unknown_model_cannot_be_replaced(self, database: Database) -> None:
        with database.writing() as work:
            model = a_model(work)
            with pytest.raises(NotFound):
                work.models.put(attrs.evolve(model, key=UNKNOWN, name="another"))

    def test_a_model_cannot_take_the_name_of_another(self, database: Database) -> None:
        with database.writing() as work:
            a_model(work, name="taken")
            model = a_model(work)
            with pytest.raises(Conflict):
                work.models.put(attrs.evolve(model, name="Taken"))

    def test_a_removed_model_is_gone(self, database: Database) -> None:
        with database.writing() as work:
            model, kept = a_model(work), a_model(work)
            work.models.remove(model.key)

            assert list(work.models.list()) == [kept]

    def test_an_unknown_model_cannot_be_removed(self, database: Database) -> None:
        with database.writing() as work, pytest.raises(NotFound):
            work.models.remove(UNKNOWN)
