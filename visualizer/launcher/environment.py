"""The environment of a script: what is named here and nothing else, so that no secret of the server gets in."""
import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

# Name, or pattern of names, and why a script needs it.
ALLOWED = {
    "PATH": "programs that scripts call, such as nvidia-smi or a compiler",
    "HOME": "where Keras keeps its settings and downloaded data sets",
    "USER": "getpass.getuser(), which PyTorch's caches ask for",
    "LOGNAME": "the same",
    "LANG": "language and encoding",
    "LC_*": "language and encoding",
    "TZ": "times in logs",
    "TMPDIR": "temporary files",
    "LD_LIBRARY_PATH": "CUDA and other libraries that are not in the system's folders",
    "DYLD_LIBRARY_PATH": "the same on macOS",
    "CUDA_*": "where CUDA is, which devices are visible",
    "NVIDIA_*": "which devices a container may use",
    "ROCM_PATH": "where AMD's libraries are",
    "HIP_VISIBLE_DEVICES": "which AMD devices are visible",
    "XLA_*": "settings of the compiler of TensorFlow and JAX",
    "TF_*": "settings of TensorFlow",
    "JAX_*": "settings of JAX",
    "KERAS_BACKEND": "which backend Keras uses",
    "KERAS_HOME": "where Keras keeps its settings and downloaded data sets",
    "OMP_NUM_THREADS": "how many processor cores a script takes",
    "MKL_NUM_THREADS": "the same",
    "OPENBLAS_NUM_THREADS": "the same",
    "VIRTUAL_ENV": "which Python programs that the script calls find",
    "CONDA_PREFIX": "the same",
    "SSL_CERT_FILE": "downloads on machines with certificates of their own",
    "SSL_CERT_DIR": "the same",
    "REQUESTS_CA_BUNDLE": "the same",
    "HTTP_PROXY": "downloads on machines behind a proxy",
    "HTTPS_PROXY": "the same",
    "NO_PROXY": "the same",
    "http_proxy": "the same, as most programs read it",
    "https_proxy": "the same",
    "no_proxy": "the same",
    "SYSTEMROOT": "Windows cannot start a Python without it",
    "SYSTEMDRIVE": "Windows: programs build paths with it",
    "WINDIR": "the same",
    "COMSPEC": "Windows: os.system",
    "PATHEXT": "Windows: which files are programs",
    "TEMP": "Windows: temporary files",
    "TMP": "the same",
    "USERPROFILE": "Windows: the home folder",
    "USERNAME": "Windows: getpass.getuser()",
    "APPDATA": "Windows: packages that were installed for the user",
    "LOCALAPPDATA": "the same",
    "PROGRAMFILES": "Windows: where CUDA is",
    "NUMBER_OF_PROCESSORS": "Windows: how many processor cores there are",
    "PROCESSOR_ARCHITECTURE": "Windows: which build of a library to load",
}
# Never, whatever the list above or an administrator says.
FORBIDDEN = ("VISUALIZER_*", "FLASK_*", "BOKEH_*", "SECRET_KEY", "SQLALCHEMY_*", "DATABASE_URL")
# The server sets these itself; users cannot.
PROTECTED = {
    "HOME": "it is the folder of your caches",
    "TMPDIR": "it is a folder of your own",
    "XDG_CACHE_HOME": "it is the folder of your caches",
    "KERAS_HOME": "it is the folder of your caches",
    "PYTHONUNBUFFERED": "it lets the output be seen as it comes",
    "PYTHONUTF8": "it lets the output be read",
    "TRAINING_RUN": "processes of a run are found by it",
    "TRAINING_RESUME": "choose to continue the last run",
    "CUDA_VISIBLE_DEVICES": "ask for a number of GPUs",
    "CUDA_DEVICE_ORDER": "ask for a number of GPUs",
    "NVIDIA_VISIBLE_DEVICES": "ask for a number of GPUs",
    "TF_FORCE_GPU_ALLOW_GROWTH": "others use the same GPUs",
    "XLA_PYTHON_CLIENT_PREALLOCATE": "others use the same GPUs",
}


def is_allowed(name: str, value: str = "") -> bool:
    """Whether a variable of the server may reach scripts."""
    if is_forbidden(name) or ("proxy" in name.lower() and "@" in value):  # a proxy's password
        return False
    return any(fnmatchcase(name, pattern) for pattern in ALLOWED)


def is_forbidden(name: str) -> bool:
    """Whether a variable may not reach scripts whoever asks for it."""
    return any(fnmatchcase(name.upper(), pattern) for pattern in FORBIDDEN)


def why_protected(name: str) -> str:
    """Why a user cannot set a variable, in a few words; empty where they can."""
    return "it belongs to the server" if is_forbidden(name) else PROTECTED.get(name.upper(), "")


def script_environment(
    server: Mapping[str, str], script_path: str | Path, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The whole environment of a script.

    Args:
        server: the server's environment, `os.environ`.
        script_path: the folder with the packages that scripts may import; see `script_path.py`.
        extra: what the user adds. It comes last, but cannot bring in what is forbidden or protected.
    """
    environment = {name: value for name, value in server.items() if is_allowed(name, value)}
    environment.update({name: value for name, value in (extra or {}).items() if not why_protected(name)})
    own_path = (extra or {}).get("PYTHONPATH", "")
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (str(script_path), own_path)))
    environment["PYTHONUNBUFFERED"] = "1"  # output is seen as it comes
    environment["PYTHONUTF8"] = "1"  # output and files are UTF-8 whatever the machine's language
    return environment
