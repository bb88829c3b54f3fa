#pragma once

namespace forebay::compute {

/// The program of Python workers, worker.py.
const char* PythonWorkerSource();

}  // namespace forebay::compute
