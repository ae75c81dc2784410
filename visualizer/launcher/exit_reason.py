"""Says in words how a script ended."""
import signal

# What ended from outside was interrupted; the other signals are the script's own fault.
_FROM_OUTSIDE = {"SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"}
_WORDS = {
    "SIGABRT": "aborted",
    "SIGBUS": "bus error",
    "SIGFPE": "arithmetic error",
    "SIGHUP": "hang-up",
    "SIGILL": "illegal instruction",
    "SIGINT": "interrupt",
    "SIGKILL": "killed",
    "SIGPIPE": "broken pipe",
    "SIGSEGV": "segmentation fault",
    "SIGTERM": "terminated",
    "SIGXCPU": "processor time used up",
    "SIGXFSZ": "file too large",
}


def explain_exit(exit_code: int) -> tuple[str, str]:
    """State and reason of a script that ended without being asked to.

    Args:
        exit_code: minus the signal's number where a signal ended it.
    """
    if exit_code == 0:
        return "finished", ""
    if exit_code > 0:
        return "failed", f"The script ended with exit code {exit_code}."
    try:
        name = signal.Signals(-exit_code).name
    except ValueError:
        return "failed", f"The script was ended by signal {-exit_code}."
    reason = f"The script was ended by signal {-exit_code} ({_WORDS.get(name, name)})"
    if name == "SIGKILL":
        return "interrupted", f"{reason} from outside, for example because the machine's memory ran out."
    if name in _FROM_OUTSIDE:
        return "interrupted", f"{reason} from outside."
    return "failed", f"{reason}."
