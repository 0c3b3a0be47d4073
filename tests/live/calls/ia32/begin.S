/* The start of a 32-bit program without a library, and its way into the kernel. */
    .code32
    .text
    .globl _start
_start:
    xor %ebp, %ebp
    mov (%esp), %eax
    lea 4(%esp), %ecx
    and $-16, %esp
    sub $8, %esp
    push %ecx
    push %eax
    call begin
    hlt

    .globl kernel
/* kernel(number, a, b, c, d, e, f) */
kernel:
    push %ebx
    push %esi
    push %edi
    push %ebp
    mov 20(%esp), %eax
    mov 24(%esp), %ebx
    mov 28(%esp), %ecx
    mov 32(%esp), %edx
    mov 36(%esp), %esi
    mov 40(%esp), %edi
    mov 44(%esp), %ebp
    int $0x80
    pop %ebp
    pop %edi
    pop %esi
    pop %ebx
    ret

    .section .note.GNU-stack,"",@progbits
