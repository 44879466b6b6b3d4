"""Syncs as jobs of `svc_infra.jobs` on Redis, for the workers of all machines.
Floor 8: asset_aggregator. A job may come twice, and says so: whoever takes it asks the book whether it is still due.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from fin_infra.book.due import Due
from fin_infra.book.lease import Owner

if TYPE_CHECKING:
    from svc_infra.jobs.queue import Job

VISIBLE_S = 900
"""When a job whose worker is gone is handed out again; longer than a first sync takes."""
_TIMEOUT_S = 5.0
_NAME = "sync"


class SyncQueue:
    """A queue of connections to sync.

    Closes: svc-infra's queue takes a job as often as it is put, so a connection that waits is put once; `easy_jobs`
    fixes the time until a job comes again at 60 s; its worker ends at the first failure of Redis, so ours asks itself.
    A job is always acknowledged: how a sync ended stands in the book, which plans the next one.
    """

    def __init__(self, redis_url: str, name: str) -> None:
        from redis import Redis
        from svc_infra.jobs.redis_queue import RedisJobQueue

        self._redis = Redis.from_url(  # pyright: ignore[reportUnknownMemberType]  # redis-py leaves **kwargs untyped
            redis_url, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
        )
        self._name = f"{name}:syncs"
        self._jobs = RedisJobQueue(self._redis, prefix=self._name, visibility_timeout=VISIBLE_S)
        self.close = self._redis.close

    def put(self, item: Due) -> bool:
        """Put a connection into the queue unless it waits there; say whether it was put."""
        if not self._redis.set(self._entry(item), "1", nx=True, ex=VISIBLE_S):
            return False
        ids = {"tenant": item.owner.tenant, "user": item.owner.user_id, "connection": item.connection}
        payload = ids | {"provider": item.provider}
        self._jobs.enqueue(_NAME, payload)  # pyright: ignore[reportUnknownMemberType]  # svc-infra says only dict
        return True

    def take(self) -> tuple[str, Due] | None:
        """Return the next job with its id; None where there is none."""
        job: Job | None = self._jobs.reserve_next()
        if job is None:
            return None
        ids = job.payload
        return job.id, Due(Owner(ids["tenant"], ids["user"]), ids["connection"], ids["provider"])

    def done(self, job_id: str, item: Due) -> None:
        self._jobs.ack(job_id)
        self._redis.delete(self._entry(item))

    def _entry(self, item: Due) -> str:
        """Hash the ids with their lengths: two connections never share an entry, and no name shows in Redis."""
        digest = hashlib.sha256()
        for part in (item.owner.tenant, item.owner.user_id, item.connection):
            raw = part.encode("utf-8", "surrogatepass")
            digest.update(len(raw).to_bytes(8, "big") + raw)
        return f"{self._name}:waits:{digest.hexdigest()}"
