from portal.billing.models.invoice import Invoice, InvoiceStatus, Line
from portal.billing.models.paper import DrawnPaper
from portal.billing.models.payment import Allocation, Method, Payment

__all__ = ["Allocation", "DrawnPaper", "Invoice", "InvoiceStatus", "Line", "Method", "Payment"]
