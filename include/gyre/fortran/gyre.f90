! Networks of Gyre in a Fortran program: applied, and trained while it runs. <gyre/network.h> says what the
! calls do; here is what differs. Compile this file and gyre_fortran.c with your program, by its compilers
! (CMake: link Gyre::fortran), and use the module gyre.
!
!   type(network) :: net
!   call gyre_open(net, 'runs/closure')
!   call gyre_apply(net, x, y)
!
! Arrays are real32 or real64, of any rank, and sections of any stride; nothing is copied as a whole. Their axes
! are the network's own in reverse order (channels first), and those that count samples:
!   records  x(own..., samples...)                 the usual
!   fields   x(samples..., own...), fields=.true.   such as u(nx, ny, variables)
! A sample of one number needs no axis of its own. What does not fit is an error, never a crash; its line counts
! axes as C does, the last first.
!
! Errors: with status= it is 0 or the number of an error, and gyre_error() its line. Without, the program stops
! with that line.
module gyre
  use, intrinsic :: iso_c_binding
  use, intrinsic :: iso_fortran_env, only: int64, real64, error_unit
  implicit none
  private
  public :: network, workspace
  public :: gyre_open, gyre_close, gyre_make_workspace, gyre_free_workspace
  public :: gyre_apply, gyre_step, gyre_loss, gyre_learn, gyre_save
  public :: gyre_input, gyre_output, gyre_target, gyre_steps, gyre_error

  ! Closed by itself where it ends, also after MPI has; not to be assigned: it would be closed twice.
  type :: network
    private
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure, private :: assign_network
    generic :: assignment(=) => assign_network
    final :: end_network
  end type

  ! What a thread needs to apply a network beside other threads; freed before its network is closed.
  type :: workspace
    private
    type(c_ptr) :: handle = c_null_ptr
  contains
    procedure, private :: assign_workspace
    generic :: assignment(=) => assign_workspace
    final :: end_workspace
  end type

  integer, parameter :: axes = 8

  interface
    function c_open(path, comm, training, threads, most, sets, n_sets, out) bind(c, name='gy_fortran_open') result(s)
      import
      character(kind=c_char), intent(in) :: path(*), sets(*)
      integer(c_int), intent(in), optional :: comm
      logical(c_bool), value :: training
      integer(c_int), value :: threads, n_sets
      integer(c_int64_t), value :: most
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: s
    end function
    subroutine c_close(net) bind(c, name='gy_fortran_close')
      import
      type(c_ptr), value :: net
    end subroutine
    function c_workspace(net, most, out) bind(c, name='gy_fortran_workspace') result(s)
      import
      type(c_ptr), value :: net
      integer(c_int64_t), value :: most
      type(c_ptr), intent(inout) :: out
      integer(c_int) :: s
    end function
    subroutine c_workspace_free(work) bind(c, name='gy_workspace_free')
      import
      type(c_ptr), value :: work
    end subroutine
    function c_apply(net, work, x, y, fields) bind(c, name='gy_fortran_apply') result(s)
      import
      type(c_ptr), value :: net, work
      type(*), intent(in) :: x(..)
      type(*), intent(inout) :: y(..)
      logical(c_bool), value :: fields
      integer(c_int) :: s
    end function
    function c_step(net, x, y, weight, loss, fields) bind(c, name='gy_fortran_step') result(s)
      import
      type(c_ptr), value :: net
      type(*), intent(in) :: x(..), y(..)
      type(*), intent(in), optional :: weight(..)
      real(c_double), intent(inout) :: loss
      logical(c_bool), value :: fields
      integer(c_int) :: s
    end function
    function c_loss(net, x, y, weight, loss, fields) bind(c, name='gy_fortran_loss') result(s)
      import
      type(c_ptr), value :: net
      type(*), intent(in) :: x(..), y(..)
      type(*), intent(in), optional :: weight(..)
      real(c_double), intent(inout) :: loss
      logical(c_bool), value :: fields
      integer(c_int) :: s
    end function
    function c_learn(net, x, y, fields) bind(c, name='gy_fortran_learn') result(s)
      import
      type(c_ptr), value :: net
      type(*), intent(in) :: x(..)
      type(*), intent(in), optional :: y(..)
      logical(c_bool), value :: fields
      integer(c_int) :: s
    end function
    function c_save(net, run_dir) bind(c, name='gy_fortran_save') result(s)
      import
      type(c_ptr), value :: net
      character(kind=c_char), intent(in) :: run_dir(*)
      integer(c_int) :: s
    end function
    function c_input(net, shape) bind(c, name='gy_fortran_input') result(n)
      import
      type(c_ptr), value :: net
      integer(c_int64_t), intent(out) :: shape(*)
      integer(c_int) :: n
    end function
    function c_output(net, shape) bind(c, name='gy_fortran_output') result(n)
      import
      type(c_ptr), value :: net
      integer(c_int64_t), intent(out) :: shape(*)
      integer(c_int) :: n
    end function
    function c_target(net, shape) bind(c, name='gy_fortran_target') result(n)
      import
      type(c_ptr), value :: net
      integer(c_int64_t), intent(out) :: shape(*)
      integer(c_int) :: n
    end function
    function c_steps(net) bind(c, name='gy_fortran_steps') result(n)
      import
      type(c_ptr), value :: net
      integer(c_int64_t) :: n
    end function
    function c_exit_code(status) bind(c, name='gy_status_exit_code') result(n)
      import
      integer(c_int), value :: status
      integer(c_int) :: n
    end function
    function c_error(length) bind(c, name='gy_fortran_error') result(p)
      import
      integer(c_int), intent(out) :: length
      type(c_ptr) :: p
    end function
  end interface

contains

  ! comm: an MPI communicator, of `use mpi`, or %MPI_VAL of `use mpi_f08`; absent: this process alone.
  subroutine gyre_open(net, path, comm, training, threads, most, set, status)
    type(network), intent(inout) :: net
    character(*), intent(in) :: path
    integer, intent(in), optional :: comm, threads
    logical, intent(in), optional :: training
    integer(int64), intent(in), optional :: most
    character(*), intent(in), optional :: set(:)
    integer, intent(out), optional :: status
    character(:), allocatable :: sets
    integer(c_int64_t) :: samples
    integer(c_int) :: team, n
    integer :: i
    call gyre_close(net)
    sets = ''
    n = 0
    team = 0
    samples = 0
    if (present(set)) then
      n = size(set, kind=c_int)
      do i = 1, n
        sets = sets // trim(set(i)) // c_null_char
      end do
    end if
    if (present(threads)) team = int(threads, c_int)
    if (present(most)) samples = most
    call finish(c_open(text_of(path), comm, is(training), team, samples, sets, n, net%handle), status)
  end subroutine

  ! Collective where it was opened for training.
  subroutine gyre_close(net)
    type(network), intent(inout) :: net
    call c_close(net%handle)
    net%handle = c_null_ptr
  end subroutine

  subroutine gyre_make_workspace(work, net, most, status)
    type(workspace), intent(inout) :: work
    type(network), intent(in) :: net
    integer(int64), intent(in), optional :: most
    integer, intent(out), optional :: status
    integer(c_int64_t) :: samples
    call gyre_free_workspace(work)
    samples = 0
    if (present(most)) samples = most
    call finish(c_workspace(net%handle, samples, work%handle), status)
  end subroutine

  subroutine gyre_free_workspace(work)
    type(workspace), intent(inout) :: work
    call c_workspace_free(work%handle)
    work%handle = c_null_ptr
  end subroutine

  subroutine gyre_apply(net, x, y, work, fields, status)
    type(network), intent(in) :: net
    type(*), intent(in) :: x(..)
    type(*), intent(inout) :: y(..)
    type(workspace), intent(in), optional :: work
    logical, intent(in), optional :: fields
    integer, intent(out), optional :: status
    type(c_ptr) :: w
    w = c_null_ptr
    if (present(work)) w = work%handle
    call finish(c_apply(net%handle, w, x, y, is(fields)), status)
  end subroutine

  subroutine gyre_step(net, x, y, weight, loss, fields, status)
    type(network), intent(in) :: net
    type(*), intent(in) :: x(..), y(..)
    type(*), intent(in), optional :: weight(..)
    real(real64), intent(out), optional :: loss
    logical, intent(in), optional :: fields
    integer, intent(out), optional :: status
    integer(c_int) :: s
    real(c_double) :: l
    l = 0
    s = c_step(net%handle, x, y, weight, l, is(fields))
    if (present(loss)) loss = l
    call finish(s, status)
  end subroutine

  subroutine gyre_loss(net, x, y, weight, loss, fields, status)
    type(network), intent(in) :: net
    type(*), intent(in) :: x(..), y(..)
    type(*), intent(in), optional :: weight(..)
    real(real64), intent(out) :: loss
    logical, intent(in), optional :: fields
    integer, intent(out), optional :: status
    loss = 0
    call finish(c_loss(net%handle, x, y, weight, loss, is(fields)), status)
  end subroutine

  subroutine gyre_learn(net, x, y, fields, status)
    type(network), intent(in) :: net
    type(*), intent(in) :: x(..)
    type(*), intent(in), optional :: y(..)
    logical, intent(in), optional :: fields
    integer, intent(out), optional :: status
    call finish(c_learn(net%handle, x, y, is(fields)), status)
  end subroutine

  subroutine gyre_save(net, run_dir, status)
    type(network), intent(in) :: net
    character(*), intent(in) :: run_dir
    integer, intent(out), optional :: status
    call finish(c_save(net%handle, text_of(run_dir)), status)
  end subroutine

  ! The axes of a sample's own, in Fortran's order.
  function gyre_input(net) result(shape)
    type(network), intent(in) :: net
    integer(int64), allocatable :: shape(:)
    integer(c_int64_t) :: all(axes)
    integer(c_int) :: n
    n = c_input(net%handle, all)
    shape = all(1:n)
  end function

  function gyre_output(net) result(shape)
    type(network), intent(in) :: net
    integer(int64), allocatable :: shape(:)
    integer(c_int64_t) :: all(axes)
    integer(c_int) :: n
    n = c_output(net%handle, all)
    shape = all(1:n)
  end function

  function gyre_target(net) result(shape)
    type(network), intent(in) :: net
    integer(int64), allocatable :: shape(:)
    integer(c_int64_t) :: all(axes)
    integer(c_int) :: n
    n = c_target(net%handle, all)
    shape = all(1:n)
  end function

  ! Updates done, those of earlier runs included.
  integer(int64) function gyre_steps(net)
    type(network), intent(in) :: net
    gyre_steps = c_steps(net%handle)
  end function

  ! The line of this thread's last error.
  function gyre_error() result(text)
    character(:), allocatable :: text
    character(kind=c_char), pointer :: line(:)
    type(c_ptr) :: at
    integer(c_int) :: n
    at = c_error(n)
    call c_f_pointer(at, line, [n])
    allocate (character(n) :: text)
    text = transfer(line, text)
  end function

  subroutine finish(s, status)
    integer(c_int), intent(in) :: s
    integer, intent(out), optional :: status
    if (present(status)) then
      status = s
    else if (s /= 0) then
      write (error_unit, '(2a)') 'gyre: error: ', gyre_error()
      error stop c_exit_code(s), quiet=.true.
    end if
  end subroutine

  pure logical(c_bool) function is(flag)
    logical, intent(in), optional :: flag
    is = .false._c_bool
    if (present(flag)) is = flag
  end function

  pure function text_of(path) result(text)
    character(*), intent(in) :: path
    character(:, c_char), allocatable :: text
    text = trim(path) // c_null_char
  end function

  subroutine assign_network(to, from)
    class(network), intent(inout) :: to
    type(network), intent(in) :: from
    call refuse(c_associated(to%handle, from%handle))
  end subroutine

  subroutine assign_workspace(to, from)
    class(workspace), intent(inout) :: to
    type(workspace), intent(in) :: from
    call refuse(c_associated(to%handle, from%handle))
  end subroutine

  subroutine refuse(is_itself)
    logical, intent(in) :: is_itself
    if (is_itself) return
    write (error_unit, '(a)') 'gyre: error: a network or workspace is assigned to another; open it again'
    error stop 2, quiet=.true.
  end subroutine

  impure elemental subroutine end_network(net)
    type(network), intent(inout) :: net
    call gyre_close(net)
  end subroutine

  impure elemental subroutine end_workspace(work)
    type(workspace), intent(inout) :: work
    call gyre_free_workspace(work)
  end subroutine
end module
