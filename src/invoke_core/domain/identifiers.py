"""The identifiers of things, each a type of its own, so that one cannot pass for another."""

from typing import NewType

UserId = NewType("UserId", str)
SessionId = NewType("SessionId", str)
ApiKeyId = NewType("ApiKeyId", str)
IdentityId = NewType("IdentityId", str)
BoardId = NewType("BoardId", str)
ImageName = NewType("ImageName", str)  # a random identifier and ".png"; also the file's name
ModelKey = NewType("ModelKey", str)
WorkflowId = NewType("WorkflowId", str)
StylePresetId = NewType("StylePresetId", str)
BatchId = NewType("BatchId", str)
RunId = NewType("RunId", str)  # one run of a job; `session_id` on the wire, as in InvokeAI
ItemId = NewType("ItemId", int)  # a job's number; grows
WorkerId = NewType("WorkerId", str)
BoardLinkId = NewType("BoardLinkId", str)
TransferId = NewType("TransferId", str)

SYSTEM = UserId("system")  # owns what was made before there were people; nobody signs in as it
NOBODY = UserId("")  # the holder of a link; no account has this id
