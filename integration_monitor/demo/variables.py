"""Variables of the demo's environment: its manifests refer to them."""

PRODUCT_URL = "PRODUCT_URL"
WAREHOUSE_URL = "WAREHOUSE_URL"
PARTNER_URL = "PARTNER_URL"
INBOX_URL = "INBOX_URL"
WEBHOOK_SECRET = "CRM_WEBHOOK_SECRET"  # noqa: S105 - the name of a variable
