# ---
# kind: wrong
# why: "Counts seven days in seconds, the argument is in minutes."
# marks: {test_delay_status: 0, test_clean_rows: 0}
# message:
#   test_delay_status: "absurd"
# ---

# %% delay_status
def delay_status(minutes):
    """Return "missing", "negative", "absurd" or "ok"."""
    if math.isnan(minutes):
        return "missing"
    if minutes < 0:
        return "negative"
    return "absurd" if minutes > 7 * 24 * 60 * 60 else "ok"
