throw new Error('libonnxruntime.so.1 was not found');
