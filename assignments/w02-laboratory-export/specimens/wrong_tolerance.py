# ---
# kind: wrong
# why: "Forgives a negative delay of less than a minute."
# marks: {test_delay_status: 0}
# ---

# %% delay_status
def delay_status(minutes):
    """Return "missing", "negative", "absurd" or "ok"."""
    if math.isnan(minutes):
        return "missing"
    if minutes <= -1:
        return "negative"
    return "absurd" if minutes > 7 * 24 * 60 else "ok"
