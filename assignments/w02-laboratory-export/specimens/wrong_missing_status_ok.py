# ---
# kind: wrong
# why: "Compares NaN with the bounds: no comparison holds, so a missing delay is ok."
# marks: {test_delay_status: 0, test_clean_rows: 0}
# message:
#   test_delay_status: "NaN"
# ---

# %% delay_status
def delay_status(minutes):
    if minutes < 0:
        return "negative"
    if minutes > 10_080:
        return "absurd"
    return "ok"
