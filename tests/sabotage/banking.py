"""Sabotages of the money that comes in by bank: lines taken twice, twins guessed, yes to what was not shown."""

from __future__ import annotations

from tests.sabotage.kinds import BOTH, POSTGRESQL, Edit, Sabotage

INTAKE = "booking/payments/bank_intake.py"
MATCHING = "booking/payments/matching.py"
POSTING = "booking/payments/bank_posting.py"
MATCHED = "tests/payments/test_bank_matching.py"
POSTED = "tests/payments/test_bank_posting.py"
ONCE = "tests/payments/test_bank_intake.py::test_no_file_and_no_order_brings_a_line_twice"
LOCKED = "BankLine.id.in_(line_ids)).order_by(BankLine.id).with_for_update()"

BANKING = (
    Sabotage(
        "a line of the bank is known by where it stands",
        (Edit(INTAKE, '|{seen[content]}".encode()', '|{line.number}".encode()'),),
        (ONCE,),
    ),
    Sabotage(
        "two equal payments of a day are taken for one",
        (Edit(INTAKE, '|{seen[content]}".encode()', '".encode()'),),
        (ONCE,),
    ),
    Sabotage(
        "the same money in other words is sure",
        (Edit(MATCHING, "*((DOUBLE,) if line.is_double else ())", "*()"),),
        (f"{MATCHED}::test_what_may_be_the_same_money_is_never_sure",),
    ),
    Sabotage(
        "twins are told apart by a guess",
        (Edit(MATCHING, "        if alike:\n", "        if alike and not alike:\n"),),
        (f"{MATCHED}::test_twins_are_never_matched_without_the_whole_reference",),
    ),
    Sabotage(
        "twins share a payment by what they owe",
        (Edit(MATCHING, "return any(child.twin_key in self.twins for child in family)", "return False"),),
        (f"{MATCHED}::test_parts_always_sum_to_the_line_and_only_a_reference_is_sure",),
    ),
    Sabotage(
        "parts of a line sum to more than came in",
        (Edit(POSTING, "if sum_pence != line.amount_pence or any(", "if any("),),
        (f"{POSTED}::test_parts_that_do_not_sum_to_the_line_post_nothing",),
    ),
    Sabotage(
        "what is not sure any more is posted",
        (Edit(POSTING, " and proposal.parts == (shown[said.line_id],)", ""),),
        (f"{POSTED}::test_what_is_not_sure_any_more_is_not_posted",),
    ),
    Sabotage(
        "a family is paid for another family's child",
        (
            Edit(
                POSTING, "(part.account_id, part.pupil_id) not in pairs", "part.account_id not in dict(pairs)"
            ),
        ),
        (f"{POSTED}::test_a_child_of_another_family_is_refused",),
    ),
    Sabotage(
        "a remittance is posted before the firm has paid",
        (
            Edit(
                POSTING,
                "if not db.session.scalar(select(exists().where(BankLine.split_by_id == line.file_id))):",
                "if line.file_id is None:",
            ),
        ),
        ("tests/payments/test_remittance_posting.py",),
    ),
    Sabotage(
        "a remittance of another sum takes the payment",
        (
            Edit(
                "booking/payments/remittance_paying.py",
                "if said_pence != line.amount_pence:",
                "if said_pence < 0:",
            ),
        ),
        ("tests/payments/test_remittance_posting.py",),
    ),
    Sabotage(
        "two people say yes to one line at one moment",
        (Edit(POSTING, LOCKED, LOCKED.removesuffix(".with_for_update()")),),
        (f"{POSTED}::test_of_two_who_say_yes_at_one_moment_one_posts",),
        POSTGRESQL,
    ),
    Sabotage(
        "a yes is to whatever is proposed now",
        (Edit("booking/office/bank_line_views.py", ' or row.seen != request.form.get("seen", "")', ""),),
        ("tests/office/test_bank_pages.py::test_a_guess_needs_its_own_yes_and_only_to_what_was_shown",),
    ),
    Sabotage(
        "money that was taken back stays with the family",
        (
            Edit(
                "booking/ledger/posting.py",
                "Line(line.account_id, -line.amount_pence,",
                "Line(line.account_id, line.amount_pence,",
            ),
        ),
        (f"{POSTED}::test_a_wrong_match_is_reversed_once_and_the_line_waits_again",),
        BOTH,
    ),
)
