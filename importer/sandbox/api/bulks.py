"""What the shop tells about bulks (contract 5), and the sign-in of administrators (recording 01)."""

from importer.sandbox.bulk import page
from importer.sandbox.contracts import Arguments, Job, interface
from importer.sandbox.records import Row
from importer.sandbox.search import criteria, search


def _short(job: Job, args: Arguments) -> Row:
    return job.bulks.status(args["bulkUuid"], detailed=False)


def _detailed(job: Job, args: Arguments) -> Row:
    return job.bulks.status(args["bulkUuid"], detailed=True)


def _count(job: Job, args: Arguments) -> int:
    return job.bulks.count(args["bulkUuid"], args["status"])


def _operations(job: Job, args: Arguments) -> Row:
    answer = search(job.bulks.rows(), criteria(args["searchCriteria"]))
    return {**answer, "items": page(answer["items"], by_key=job.version.search_by_key)}


def _sign_in(job: Job, args: Arguments) -> str:
    return job.access.sign_in(args["username"], args["password"])


SERVICES = (
    *interface(
        r"Magento\AsynchronousOperations\Api\BulkStatusInterface",
        r"Magento\AsynchronousOperations\Model\BulkStatus",
        getBulkShortStatus=({"bulkUuid": "string"}, _short),
        getBulkDetailedStatus=({"bulkUuid": "string"}, _detailed),
        getOperationsCountByBulkIdAndStatus=({"bulkUuid": "string", "status": "int"}, _count, "int"),
    ),
    *interface(
        r"Magento\AsynchronousOperations\Api\OperationRepositoryInterface",
        r"Magento\AsynchronousOperations\Model\OperationRepository",
        getList=({"searchCriteria": "search criteria"}, _operations),
    ),
    *interface(
        r"Magento\Integration\Api\AdminTokenServiceInterface",
        r"Magento\Integration\Model\AdminTokenService",
        createAdminAccessToken=({"username": "string", "password": "string"}, _sign_in, "string"),
    ),
)
