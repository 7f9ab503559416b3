"""What a runner needs to run a job, looked up again at the last moment."""

from pathlib import PurePath

import attrs

from invoke_core.domain.generation import InitImage
from invoke_core.domain.identifiers import ModelKey
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import Job, require_lease
from invoke_core.errors import LeaseLost
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.runner import ModelFiles, RunRequest
from invoke_core.ports.storage import ImageStorage, Rendition
from invoke_core.ports.unit_of_work import Reading, Work
from invoke_core.services._quota import require_storage
from invoke_core.services._wishes import require_visible
from invoke_core.services.results import owner_principal


@attrs.frozen
class RequestService:
    """Turns claimed jobs into requests to a runner. Thread-safe."""

    reading: Reading
    storage: ImageStorage
    codec: ImageCodec
    models_dir: str  # absolute: where relative paths of models begin
    storage_quota: int | None = None  # bytes, of accounts that have none of their own

    def prepare(self, job: Job) -> RunRequest:
        """Return the request for a job, as it was claimed.

        Raises:
            LeaseLost: the job was canceled, forgotten or taken back meanwhile.
            NotFound: a model has left the catalogue, or the start picture is gone or hidden from the
                job's owner by now.
            TooMany: the owner's storage quota is used up, so the picture could not be kept.
        """
        generation = job.generation
        with self.reading() as work:
            found = work.jobs.find_many([job.item_id])
            if not found:
                raise LeaseLost(f"Job {job.item_id} was forgotten.")
            require_lease(found[0], job.lease.fence if job.lease else 0)
            require_storage(work, job.owner_id, 0, self.storage_quota)
            model = self._files(work, generation.model)
            loras = tuple((self._files(work, lora.model), lora.weight) for lora in generation.loras)
            if generation.init_image:
                owner = owner_principal(work.users.get(job.owner_id))
                require_visible(work, owner, generation.init_image.image_name)
        init = generation.init_image
        return RunRequest(
            item_id=job.item_id,
            model=model,
            prompt=generation.prompt,
            negative_prompt=generation.negative_prompt,
            width=generation.width,
            height=generation.height,
            steps=generation.steps,
            cfg_scale=generation.cfg_scale,
            scheduler=generation.scheduler,
            seed=generation.seed,
            init_image=self._pixels(init) if init else None,
            strength=init.strength if init else None,
            loras=loras,
        )

    def _files(self, work: Work, key: ModelKey) -> ModelFiles:
        model = work.models.get(key)
        path = PurePath(self.models_dir, model.path)  # an absolute path of the model wins
        return ModelFiles(key=key, base=model.base, format=model.format, path=str(path))

    def _pixels(self, init: InitImage) -> Pixels:
        with self.storage.open(init.image_name, Rendition.FULL) as content:
            return self.codec.decode(content.read())
