"""What a runner needs to run a job, looked up again at the last moment."""

from collections.abc import Sequence
from pathlib import PurePath

import attrs

from invoke_core.domain.generation import Guide
from invoke_core.domain.identifiers import ImageName, ModelKey
from invoke_core.domain.pixels import Pixels
from invoke_core.domain.queue import Job, require_lease
from invoke_core.errors import LeaseLost
from invoke_core.ports.imaging import ImageCodec
from invoke_core.ports.runner import EmbeddingFiles, GuidePixels, ModelFiles, RunRequest
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
            NotFound: a model has left the catalogue, or a picture that it is made from is gone, or hidden
                from the job's owner by now.
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
            guides = (*generation.controlnets, *generation.ip_adapters)
            guiding = {guide.model: self._files(work, guide.model) for guide in guides}
            embeddings = tuple(self._embedding(work, key) for key in generation.embeddings)
            vae = self._files(work, generation.vae) if generation.vae else None
            owner = owner_principal(work.users.get(job.owner_id))
            for image_name in generation.pictures:
                require_visible(work, owner, image_name)
        # Read when the unit of work is over: pictures are slow.
        pictures = {image_name: self._pixels(image_name) for image_name in generation.pictures}

        def led_by(guides: Sequence[Guide]) -> tuple[GuidePixels, ...]:
            return tuple(
                GuidePixels(
                    model=guiding[guide.model],
                    image=pictures[guide.image_name],
                    weight=guide.weight,
                )
                for guide in guides
            )

        init, mask = generation.init_image, generation.mask_image_name
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
            init_image=pictures[init.image_name] if init else None,
            strength=init.strength if init else None,
            mask=pictures[mask] if mask else None,
            loras=loras,
            controlnets=led_by(generation.controlnets),
            ip_adapters=led_by(generation.ip_adapters),
            embeddings=embeddings,
            vae=vae,
            exact=generation.exact,
        )

    def _files(self, work: Work, key: ModelKey) -> ModelFiles:
        model = work.models.get(key)
        path = PurePath(self.models_dir, model.path)  # an absolute path of the model wins
        return ModelFiles(key=key, base=model.base, format=model.format, path=str(path))

    def _embedding(self, work: Work, key: ModelKey) -> EmbeddingFiles:
        name = work.models.get(key).name
        return EmbeddingFiles(token=f"<{name}>", model=self._files(work, key))

    def _pixels(self, image_name: ImageName) -> Pixels:
        with self.storage.open(image_name, Rendition.FULL) as content:
            return self.codec.decode(content.read())
