# ruff: noqa: S608 - the names put together here are this package's own; no value of anybody's is among them.
from __future__ import annotations

from portal.billing.guards.words import (
    ACCOUNT_WITHIN,
    ADDS_UP,
    ALLOCATED_TO_ISSUED,
    ALLOCATED_TO_ITS_OWN,
    ALLOCATION,
    ALLOCATION_NEVER,
    BEGINS,
    CREDIT_NEVER,
    CREDIT_NOTE,
    CREDITS_ISSUED,
    CREDITS_ITS_LINE,
    DISCOUNT_WITHIN_TAX,
    INVOICE,
    ITEM_FOR_SESSIONS,
    KEEPS_ITS_NUMBER,
    LINE,
    LINES_FROZEN,
    MAY_CHANGE,
    MOVES_ON,
    NEVER_CHANGES,
    NEVER_DELETED,
    PAID_IS_ALLOCATED,
    PART_OF_ITS_TAKING,
    PAYABLE_IS_CREDITED,
    PAYMENT,
    PAYMENT_NEVER,
    REFUND_TAKES_OFF,
    REFUND_TO_ITS_OWN,
    REFUND_WITHIN,
    TAKING,
    VOID_UNPAID,
    WITHIN_INVOICE,
    WITHIN_LINE,
    WITHIN_OWING,
    WITHIN_PAYMENT,
)
from portal.common.guards import raises

_SAME = "to_jsonb(NEW)" + "".join(f" - '{column}'" for column in MAY_CHANGE)
_WAS = _SAME.replace("NEW", "OLD")

FUNCTIONS = {
    "billing_guard_invoice": f"""
        DECLARE lines record; allocated numeric; credited numeric;
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF NEW.status <> 'draft' OR NEW.paid <> 0 OR NEW.payable <> NEW.total THEN {raises(BEGINS)} END IF;
                RETURN NEW;
            ELSIF TG_OP = 'DELETE' THEN
                IF OLD.status <> 'draft' THEN {raises(NEVER_DELETED)} END IF;
                RETURN OLD;
            END IF;
            IF NEW.id <> OLD.id OR NEW.code <> OLD.code OR NEW.number <> OLD.number THEN
                {raises(KEEPS_ITS_NUMBER)}
            END IF;
            IF OLD.status = 'void' OR (OLD.status = 'issued' AND {_SAME} IS DISTINCT FROM {_WAS}) THEN
                {raises(NEVER_CHANGES)}
            END IF;
            IF NEW.status <> OLD.status THEN
                IF NOT (OLD.status = 'draft' AND NEW.status IN ('issued', 'void')
                        OR OLD.status = 'issued' AND NEW.status = 'void') THEN
                    {raises(MOVES_ON)}
                END IF;
                IF NEW.status = 'issued' THEN
                    SELECT count(*) AS n, sum(total) AS total, sum(gst) AS gst, sum(benefit) AS benefit,
                        bool_or(item_number <> '' OR benefit <> 0) AS has_item INTO lines
                        FROM {LINE} WHERE invoice_id = NEW.id;
                    IF lines.n = 0 OR lines.total <> NEW.total OR lines.gst <> NEW.gst OR NEW.payable <> NEW.total
                        OR LEAST(lines.benefit, NEW.total) <> NEW.rebate THEN
                        {raises(ADDS_UP)}
                    END IF;
                    IF EXISTS (SELECT 1 FROM {LINE} WHERE invoice_id = NEW.id GROUP BY tax_code
                        HAVING sum(total - gst) < 0) THEN
                        {raises(DISCOUNT_WITHIN_TAX)}
                    END IF;
                    IF NEW.purpose <> 'session' AND lines.has_item THEN {raises(ITEM_FOR_SESSIONS)} END IF;
                END IF;
            END IF;
            IF NEW.payable <> OLD.payable THEN
                SELECT COALESCE(sum(amount), 0) INTO credited FROM {CREDIT_NOTE} WHERE invoice_id = NEW.id;
                IF NEW.payable <> NEW.total - credited THEN {raises(PAYABLE_IS_CREDITED)} END IF;
            END IF;
            IF NEW.paid <> OLD.paid OR NEW.status = 'void' THEN
                SELECT COALESCE(sum(amount), 0) INTO allocated FROM {ALLOCATION} WHERE invoice_id = NEW.id;
                IF NEW.status = 'void' AND allocated <> 0 THEN {raises(VOID_UNPAID)} END IF;
                IF NEW.paid <> allocated THEN {raises(PAID_IS_ALLOCATED)} END IF;
            END IF;
            RETURN NEW;
        END""",
    # The invoice is locked, so that no line arrives between its issuing and the end of that transaction.
    "billing_guard_line": f"""
        DECLARE found_status text;
        BEGIN
            IF TG_OP <> 'INSERT' THEN
                SELECT status INTO found_status FROM {INVOICE} WHERE id = OLD.invoice_id FOR UPDATE;
                IF found_status <> 'draft' THEN {raises(LINES_FROZEN)} END IF;
            END IF;
            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
            SELECT status INTO found_status FROM {INVOICE} WHERE id = NEW.invoice_id FOR UPDATE;
            IF found_status IS DISTINCT FROM 'draft' THEN {raises(LINES_FROZEN)} END IF;
            RETURN NEW;
        END""",
    "billing_guard_payment": f"""
        DECLARE original record; gone numeric; settles numeric; whose bigint;
        BEGIN
            IF NEW.taking_id IS NOT NULL THEN
                SELECT patient_id INTO whose FROM {TAKING} WHERE id = NEW.taking_id;
                IF whose IS DISTINCT FROM NEW.patient_id THEN {raises(PART_OF_ITS_TAKING)} END IF;
            END IF;
            IF NEW.reverses_id IS NULL THEN RETURN NEW; END IF;
            SELECT amount, patient_id INTO original FROM {PAYMENT} WHERE id = NEW.reverses_id FOR UPDATE;
            SELECT COALESCE(sum(amount), 0) INTO gone FROM {PAYMENT} WHERE reverses_id = NEW.reverses_id;
            IF original.amount IS NULL OR original.amount <= 0 OR original.amount + gone + NEW.amount < 0 THEN
                {raises(REFUND_WITHIN)}
            END IF;
            IF original.patient_id IS DISTINCT FROM NEW.patient_id THEN {raises(REFUND_TO_ITS_OWN)} END IF;
            IF NEW.from_account > 0 THEN
                SELECT COALESCE(sum(a.amount), 0) INTO settles FROM {ALLOCATION} a JOIN {PAYMENT} p
                    ON p.id = a.payment_id WHERE p.id = NEW.reverses_id OR p.reverses_id = NEW.reverses_id;
                IF NEW.from_account > original.amount + gone - settles THEN {raises(ACCOUNT_WITHIN)} END IF;
            END IF;
            RETURN NEW;
        END""",
    "billing_guard_allocation": f"""
        DECLARE invoice record; payment record; brought bigint; allocated numeric; there numeric;
        BEGIN
            SELECT status, payable, patient_id INTO invoice FROM {INVOICE} WHERE id = NEW.invoice_id FOR UPDATE;
            SELECT amount, reverses_id, from_account, patient_id INTO payment FROM {PAYMENT}
                WHERE id = NEW.payment_id FOR UPDATE;
            brought := COALESCE(payment.reverses_id, NEW.payment_id);
            IF invoice.status IS DISTINCT FROM 'issued' THEN {raises(ALLOCATED_TO_ISSUED)} END IF;
            IF invoice.patient_id IS DISTINCT FROM payment.patient_id THEN {raises(ALLOCATED_TO_ITS_OWN)} END IF;
            IF NEW.amount > 0 AND payment.amount < 0 THEN {raises(REFUND_TAKES_OFF)} END IF;
            SELECT COALESCE(sum(amount), 0) INTO allocated FROM {ALLOCATION} WHERE payment_id = NEW.payment_id;
            IF allocated + NEW.amount NOT BETWEEN LEAST(0, payment.amount + payment.from_account)
                AND GREATEST(0, payment.amount) THEN
                {raises(WITHIN_PAYMENT)}
            END IF;
            IF NEW.amount > 0 THEN
                SELECT COALESCE(sum(amount), 0) INTO there FROM {PAYMENT} WHERE id = brought OR reverses_id = brought;
                SELECT COALESCE(sum(a.amount), 0) INTO allocated FROM {ALLOCATION} a JOIN {PAYMENT} p
                    ON p.id = a.payment_id WHERE p.id = brought OR p.reverses_id = brought;
                IF allocated + NEW.amount > there THEN {raises(WITHIN_PAYMENT)} END IF;
            END IF;
            SELECT COALESCE(sum(amount), 0) INTO allocated FROM {ALLOCATION} WHERE invoice_id = NEW.invoice_id;
            IF allocated + NEW.amount NOT BETWEEN 0 AND invoice.payable THEN {raises(WITHIN_INVOICE)} END IF;
            IF NEW.amount < 0 THEN
                SELECT COALESCE(sum(a.amount), 0) INTO allocated FROM {ALLOCATION} a JOIN {PAYMENT} p
                    ON p.id = a.payment_id
                    WHERE a.invoice_id = NEW.invoice_id AND (p.id = brought OR p.reverses_id = brought);
                IF allocated + NEW.amount < 0 THEN {raises(WITHIN_INVOICE)} END IF;
            END IF;
            RETURN NEW;
        END""",
    "billing_pay": f"""
        BEGIN
            UPDATE {INVOICE} SET paid = (SELECT sum(amount) FROM {ALLOCATION} WHERE invoice_id = NEW.invoice_id)
                WHERE id = NEW.invoice_id;
            RETURN NULL;
        END""",
    "billing_guard_credit_note": f"""
        DECLARE invoice record; line record; notes record;
        BEGIN
            SELECT status, payable, paid INTO invoice FROM {INVOICE} WHERE id = NEW.invoice_id FOR UPDATE;
            IF invoice.status IS DISTINCT FROM 'issued' THEN {raises(CREDITS_ISSUED)} END IF;
            SELECT invoice_id, total, gst INTO line FROM {LINE} WHERE id = NEW.line_id;
            IF line.invoice_id IS DISTINCT FROM NEW.invoice_id THEN {raises(CREDITS_ITS_LINE)} END IF;
            SELECT COALESCE(sum(amount), 0) AS amount, COALESCE(sum(gst), 0) AS gst INTO notes
                FROM {CREDIT_NOTE} WHERE line_id = NEW.line_id;
            IF notes.amount + NEW.amount > line.total OR notes.gst + NEW.gst > line.gst
                OR abs(NEW.gst * line.total - NEW.amount * line.gst) > 0.01 * line.total THEN
                {raises(WITHIN_LINE)}
            END IF;
            IF NEW.amount > invoice.payable - invoice.paid THEN {raises(WITHIN_OWING)} END IF;
            RETURN NEW;
        END""",
    "billing_credit": f"""
        BEGIN
            UPDATE {INVOICE} SET payable = total - (SELECT sum(amount) FROM {CREDIT_NOTE}
                WHERE invoice_id = NEW.invoice_id) WHERE id = NEW.invoice_id;
            RETURN NULL;
        END""",
}

_ROW = "FOR EACH ROW EXECUTE FUNCTION"
_STATEMENT = "FOR EACH STATEMENT EXECUTE FUNCTION"
TRIGGERS = {
    "invoice_guard": f"BEFORE INSERT OR UPDATE OR DELETE ON {INVOICE} {_ROW} billing_guard_invoice()",
    "invoice_never_truncated": (f"BEFORE TRUNCATE ON {INVOICE} {_STATEMENT} portal_refuse('{NEVER_DELETED}')"),
    "line_guard": f"BEFORE INSERT OR UPDATE OR DELETE ON {LINE} {_ROW} billing_guard_line()",
    "line_never_truncated": f"BEFORE TRUNCATE ON {LINE} {_STATEMENT} portal_refuse('{LINES_FROZEN}')",
    "payment_guard": f"BEFORE INSERT ON {PAYMENT} {_ROW} billing_guard_payment()",
    "payment_never_changes": (f"BEFORE UPDATE OR DELETE ON {PAYMENT} {_ROW} portal_refuse('{PAYMENT_NEVER}')"),
    "payment_never_truncated": (f"BEFORE TRUNCATE ON {PAYMENT} {_STATEMENT} portal_refuse('{PAYMENT_NEVER}')"),
    "allocation_guard": f"BEFORE INSERT ON {ALLOCATION} {_ROW} billing_guard_allocation()",
    "allocation_never_changes": (f"BEFORE UPDATE OR DELETE ON {ALLOCATION} {_ROW} portal_refuse('{ALLOCATION_NEVER}')"),
    "allocation_never_truncated": (f"BEFORE TRUNCATE ON {ALLOCATION} {_STATEMENT} portal_refuse('{ALLOCATION_NEVER}')"),
    "allocation_pays": f"AFTER INSERT ON {ALLOCATION} {_ROW} billing_pay()",
    "credit_note_guard": f"BEFORE INSERT ON {CREDIT_NOTE} {_ROW} billing_guard_credit_note()",
    "credit_note_never_changes": (f"BEFORE UPDATE OR DELETE ON {CREDIT_NOTE} {_ROW} portal_refuse('{CREDIT_NEVER}')"),
    "credit_note_never_truncated": (f"BEFORE TRUNCATE ON {CREDIT_NOTE} {_STATEMENT} portal_refuse('{CREDIT_NEVER}')"),
    "credit_note_lowers": f"AFTER INSERT ON {CREDIT_NOTE} {_ROW} billing_credit()",
}
